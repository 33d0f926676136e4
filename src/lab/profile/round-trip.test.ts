import { Session } from 'node:inspector/promises';
import { Profile as Pprof } from 'pprof-format';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromCpuProfile } from './from-cpuprofile.ts';
import { mergeProfiles } from './merge-profiles.ts';
import type { Profile } from './profile.ts';
import { toCpuProfile } from './to-cpuprofile.ts';
import { toFolded } from './to-folded.ts';
import { toPprof } from './to-pprof.ts';
import { toSpeedscope } from './to-speedscope.ts';

const startMs = 1_700_000_000_000;
const node = (id: number, functionName: string, url: string, line: number, children?: number[]) => ({
  id,
  callFrame: { functionName, scriptId: '1', url, lineNumber: line, columnNumber: 0 },
  hitCount: 0,
  ...(children ? { children } : {}),
});

/** root → main → { parse, (anonymous) → parse }, plus idle; the children come before their parent. */
const document = {
  nodes: [
    node(5, 'parse', 'file:///srv/my%20app/json.ts', 9),
    node(4, '', 'file:///srv/my%20app/main.ts', 4, [5]),
    node(3, 'parse', 'file:///srv/my%20app/json.ts', 9),
    node(2, 'main', 'file:///srv/my%20app/main.ts', 0, [3, 4]),
    node(6, '(idle)', '', -1),
    node(1, '(root)', '', -1, [2, 6]),
  ],
  startTime: 5_000_000,
  endTime: 5_010_000,
  samples: [3, 5, 6, 3, 2],
  timeDeltas: [1000, 2000, 3000, 500, 1500],
};
const profile = fromCpuProfile(document, { name: 'window', startMs });
const selfUsByName = (of: Profile): Record<string, number> => {
  const sums: Record<string, number> = {};
  for (const { frame, self } of of.nodes) {
    const name = of.frames[frame]?.name ?? '?';
    sums[name] = (sums[name] ?? 0) + self;
  }
  return sums;
};

describe('a V8 CPU profile', () => {
  test('becomes a tree whose parents come first and whose self times are its samples', () => {
    expect(profile.nodes[0]).toMatchObject({ parent: -1 });
    expect(profile.nodes.every(({ parent }, index) => parent < index)).toBe(true);
    expect(selfUsByName(profile)).toEqual({
      '(root)': 0,
      main: 1500,
      parse: 3500,
      '(anonymous)': 0,
      '(idle)': 3000,
    });
    expect(profile).toMatchObject({ startMs, endMs: startMs + 10, interval: 1500 });
  });

  test('shares one frame between the places it is called from, as a path with a line from 1', () => {
    const parse = profile.frames.filter(({ name }) => name === 'parse');
    expect(parse).toEqual([{ name: 'parse', file: '/srv/my app/json.ts', line: 10, column: 1 }]);
  });

  test('puts samples that V8 emitted out of order into order', () => {
    const disordered = { ...document, samples: [3, 5, 6], timeDeltas: [1000, 3000, -1000] };
    const sorted = fromCpuProfile(disordered, { name: 'x', startMs });
    expect(sorted.samples.map(({ node: at, weight }) => [nameOf(sorted, at), weight])).toEqual([
      ['parse', 1000],
      ['(idle)', 2000],
      ['parse', 1000],
    ]);
  });

  test.each([
    null,
    [],
    {},
    { ...document, samples: ['3'] },
    { ...document, nodes: [{ id: 1 }] },
    { ...document, nodes: [{ ...document.nodes[0], children: 'x' }] },
  ])('is refused when it is something else: %j', (other) => {
    expect(() => fromCpuProfile(other, { name: 'broken.cpuprofile', startMs })).toThrow(
      'broken.cpuprofile is not a V8 CPU profile',
    );
  });

  test('ends with a tree that refers to itself', () => {
    const looped = { ...document, nodes: [node(1, '(root)', '', -1, [2]), node(2, 'a', '', -1, [2, 7])] };
    expect(fromCpuProfile(looped, { name: 'x', startMs }).nodes).toHaveLength(2);
  });
});

describe('merging windows', () => {
  const later = fromCpuProfile(
    { ...document, samples: [2, 6], timeDeltas: [100, 200] },
    { name: 'later', startMs: startMs + 10 },
  );
  const merged = mergeProfiles([later, profile], 'both');

  test('adds the times of the same stacks and keeps their order', () => {
    expect(selfUsByName(merged)).toMatchObject({ main: 1600, parse: 3500, '(idle)': 3200 });
    expect(merged.nodes).toHaveLength(profile.nodes.length);
    expect(merged.samples.map(({ weight }) => weight)).toEqual([1000, 2000, 3000, 500, 1500, 100, 200]);
    expect(merged).toMatchObject({ name: 'both', startMs, endMs: startMs + 20 });
  });

  test('leaves its inputs as they were', () => {
    expect(selfUsByName(profile)).toMatchObject({ main: 1500, '(idle)': 3000 });
  });

  test('gives an empty profile for no window', () => {
    expect(mergeProfiles([], 'none')).toMatchObject({ nodes: [], samples: [], startMs: 0, endMs: 0 });
  });
});

describe('exports', () => {
  test('folded stacks carry microseconds and one line per stack', () => {
    expect(toFolded(profile).split('\n').toSorted()).toEqual([
      '',
      '(idle) 3000',
      'main (/srv/my app/main.ts:1) 1500',
      'main (/srv/my app/main.ts:1);(anonymous) (/srv/my app/main.ts:5);parse (/srv/my app/json.ts:10) 2000',
      'main (/srv/my app/main.ts:1);parse (/srv/my app/json.ts:10) 1500',
    ]);
  });

  test('speedscope keeps the order of the samples', () => {
    const file = toSpeedscope(profile);
    const [sampled] = file.profiles;
    expect(sampled?.weights).toEqual([1000, 2000, 3000, 500, 1500]);
    expect(sampled?.endValue).toBe(8000);
    expect(sampled?.samples.map((stack) => stack.map((at) => file.shared.frames[at]?.name))).toEqual([
      ['main', 'parse'],
      ['main', '(anonymous)', 'parse'],
      ['(idle)'],
      ['main', 'parse'],
      ['main'],
    ]);
  });

  test('pprof decodes to the same stacks, leaf first', () => {
    const decoded = Pprof.decode(toPprof(profile));
    const text = (at: number | bigint): string => decoded.stringTable.strings[Number(at)] ?? '?';
    const nameAt = new Map(decoded.function.map(({ id, name }) => [Number(id), text(name)]));
    const stacks = decoded.sample.map(({ locationId, value }) => ({
      stack: locationId.map((id) => nameAt.get(Number(id))),
      value: value.map(Number),
    }));
    expect(stacks).toEqual([
      { stack: ['main'], value: [1, 1_500_000] },
      { stack: ['parse', 'main'], value: [2, 1_500_000] },
      { stack: ['parse', '(anonymous)', 'main'], value: [1, 2_000_000] },
      { stack: ['(idle)'], value: [1, 3_000_000] },
    ]);
    expect(decoded.sampleType.map(({ type, unit }) => [text(type), text(unit)])).toEqual([
      ['samples', 'count'],
      ['wall', 'nanoseconds'],
    ]);
    expect(Number(decoded.timeNanos)).toBe(startMs * 1e6);
  });

  test('pprof counts by time where only sums are known', () => {
    const summed = { ...profile, order: 'none' as const, interval: 500 };
    const counts = Pprof.decode(toPprof(summed, 'cpu')).sample.map(({ value }) => Number(value[0]));
    expect(counts).toEqual([3, 3, 4, 6]);
  });

  test('.cpuprofile reads back as the same profile', () => {
    expect(fromCpuProfile(toCpuProfile(profile), { name: 'window', startMs })).toEqual(profile);
  });

  test('.cpuprofile keeps the interval of a program that was sampled only now and then', () => {
    const seldom = { ...profile, interval: 10 };
    expect(fromCpuProfile(toCpuProfile(seldom), { name: 'window', startMs }).interval).toBe(10);
  });
});

describe('a profile that this V8 took of itself', () => {
  let real: Profile;
  beforeAll(async () => {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    let sum = 0;
    for (const end = performance.now() + 50; performance.now() < end;) sum += Math.sqrt(sum + 1);
    const stopped = await session.post('Profiler.stop');
    session.disconnect();
    real = fromCpuProfile(stopped.profile, { name: 'self', startMs });
    expect(sum).toBeGreaterThan(0);
  });

  test('names this file and accounts for the whole of its time in every format', () => {
    const totalUs = real.samples.reduce((sum, { weight }) => sum + weight, 0);
    expect(real.frames.some(({ file }) => file.endsWith('round-trip.test.ts'))).toBe(true);
    expect(real.nodes.reduce((sum, { self }) => sum + self, 0)).toBe(totalUs);
    expect(toSpeedscope(real).profiles[0]?.endValue).toBe(totalUs);
    const folded = toFolded(real).trim().split('\n');
    expect(folded.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)).toBe(totalUs);
    const pprofNanos = Pprof.decode(toPprof(real)).sample.map(({ value }) => Number(value[1] ?? 0));
    expect(pprofNanos.reduce((sum, nanos) => sum + nanos, 0)).toBe(totalUs * 1000);
  });
});

function nameOf(of: Profile, index: number): string | undefined {
  return of.frames[of.nodes[index]?.frame ?? -1]?.name;
}
