import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fromCpuProfile } from './from-cpuprofile.ts';
import { fromFolded } from './from-folded.ts';
import { fromHeapProfile } from './from-heapprofile.ts';
import { fromPageData } from './from-page-data.ts';
import { fromPprof } from './from-pprof.ts';
import { fromSpeedscope } from './from-speedscope.ts';
import { pageDataOf } from './page-data.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { Frame, Profile, ProfileUnit } from './profile.ts';
import { mergeParts, type ProfileSet } from './profile-set.ts';
import { toCpuProfile } from './to-cpuprofile.ts';
import { toFolded } from './to-folded.ts';
import { toHeapProfile } from './to-heapprofile.ts';
import { toPprof } from './to-pprof.ts';
import { toSpeedscope } from './to-speedscope.ts';

const name = 'x';
const main: Frame = { name: 'main', file: '/srv/my app/main.ts', line: 1, column: 1 };
const parse: Frame = {
  name: 'parse',
  file: '/srv/my app/json.ts',
  line: 10,
  column: 5,
  marks: [{ kind: 'deoptimised', reason: 'wrong map', count: 3 }],
};
const startMs = 1_700_000_000_000;

function profileOf(unit: ProfileUnit, weights: readonly number[]): Profile {
  const builder = new ProfileBuilder('gateway');
  const stacks = [[main, parse], [main], [main, parse, parse]];
  weights.forEach((weight, at) => builder.add(builder.stack(stacks[at % 3] ?? []), weight));
  return builder.build({ unit, order: unit === 'bytes' ? 'none' : 'time', interval: 1000, startMs });
}

const set: ProfileSet = {
  title: 'gateway',
  facts: ['Taken by V8.', 'It cost 1 %.'],
  parts: [
    {
      label: 'gateway (pid 1)',
      profile: { ...profileOf('microseconds', [1000, 2000, 3000, 500]), name: 'gateway (pid 1)' },
    },
    { label: 'gateway (pid 2)', profile: { ...profileOf('microseconds', [700]), name: 'gateway (pid 2)' } },
  ],
};
const bytes = { ...profileOf('bytes', [4096, 512]), endMs: startMs };

/** Own weight of each stack by its labels, and of each part by its label. */
function stacksOf({ parts }: ProfileSet): Record<string, Record<string, number>> {
  return Object.fromEntries(
    parts.map(({ label, profile }) => {
      const lines = toFolded(profile).trim().split('\n');
      const stacks = lines.map((line) => [
        line.slice(0, line.lastIndexOf(' ')),
        Number(line.split(' ').at(-1)),
      ]);
      return [label, Object.fromEntries(stacks)];
    }),
  );
}

describe('a set of profiles, written and read back,', () => {
  test('is the same by the data of a page', () => {
    const data: unknown = JSON.parse(JSON.stringify(pageDataOf(set)));
    expect(fromPageData(data, { name })).toEqual(set);
  });

  test('is the same by speedscope, which holds each part, its order, and what V8 told', () => {
    const file: unknown = JSON.parse(JSON.stringify(toSpeedscope(set)));
    expect(fromSpeedscope(file, { name })).toEqual(set);
  });

  test('keeps parts, stacks and facts by pprof, which has no order', () => {
    const read = fromPprof(toPprof(set), { name });
    expect(stacksOf(read)).toEqual(stacksOf(set));
    expect(read.facts).toEqual(set.facts);
    expect(read.parts[0]?.profile).toMatchObject({ order: 'none', interval: 1000, startMs });
  });

  test('has the labels of its parts as outermost frames in folded stacks', () => {
    const [part] = fromFolded(toFolded(set), {
      name,
      weigh: { unit: 'microseconds', perValue: 1, interval: 0 },
    }).parts;
    expect(part === undefined ? '' : toFolded(part.profile)).toBe(toFolded(set));
    expect(toFolded(set)).toContain('gateway (pid 2);main (/srv/my app/main.ts:1);parse');
  });

  test('is merged in a .cpuprofile', () => {
    const merged = mergeParts(set);
    const read = fromCpuProfile(toCpuProfile(merged), { name: merged.name, startMs, interval: 1000 });
    expect(read).toEqual(merged);
  });
});

describe('a profile of bytes', () => {
  const one = { title: 'gateway', facts: [], parts: [{ label: 'gateway', profile: bytes }] };

  test('reads back from .heapprofile', () => {
    const document: unknown = JSON.parse(toHeapProfile(bytes));
    const read = fromHeapProfile(document, { name: 'gateway', startMs, interval: 1000 });
    expect(toFolded(read)).toBe(toFolded(bytes));
    expect(read).toMatchObject({ unit: 'bytes', endMs: startMs });
  });

  test('reads back from folded stacks as bytes, which say so', () => {
    const read = fromFolded(toFolded(bytes), { name: 'gateway' });
    expect(read.parts[0]?.profile.unit).toBe('bytes');
    expect(read.facts).toEqual([]);
    expect(stacksOf(read)).toEqual(stacksOf(one));
  });

  test('reads back from pprof and speedscope as bytes', () => {
    const pprof = fromPprof(toPprof(bytes), { name: 'gateway' });
    const speedscope = fromSpeedscope(toSpeedscope(bytes), { name });
    for (const read of [pprof, speedscope]) {
      expect(read.parts[0]?.profile.unit).toBe('bytes');
      expect(stacksOf(read)).toEqual(stacksOf(one));
    }
  });
});

const event = (type: string, frame: number, at: number) => ({ type, frame, at });

describe('what others write', () => {
  test.each([
    ['samples, 100 a second', 'serve;slow 90\nserve;write 10\n', 1_000_000],
    ['microseconds', 'serve;slow 900000\nserve;write 100000\n', 1_000_000],
  ])('in folded stacks is read by its size as %s, and that is told', (readAs, stacks, weight) => {
    const { facts, parts } = fromFolded(stacks, { name });
    expect(facts).toEqual([expect.stringContaining(`they were read as ${readAs}`)]);
    expect(parts[0]?.profile.nodes.reduce((sum, { self }) => sum + self, 0)).toBe(weight);
  });

  test('is read from evented profiles of speedscope, in any unit', () => {
    const file = {
      shared: { frames: [{ name: 'a' }, { name: 'b', file: 'b.js', line: 2 }] },
      profiles: [
        {
          type: 'evented',
          name: 'main',
          unit: 'milliseconds',
          startValue: 10,
          endValue: 20,
          events: [
            event('O', 0, 10),
            event('O', 1, 12),
            event('C', 1, 15),
            event('C', 0, 16),
            event('O', 1, 18),
            event('C', 1, 20),
          ],
        },
      ],
    };
    const read = fromSpeedscope(file, { name });
    expect(stacksOf(read)).toEqual({ main: { a: 3000, 'a;b (b.js:2)': 3000, 'b (b.js:2)': 2000 } });
  });

  test('is taken for samples where the values of folded stacks are small', () => {
    const read = fromFolded('a;b 3\na 1\n', { name });
    expect(stacksOf(read)).toEqual({ x: { 'a;b': 30_000, a: 10_000 } });
    expect(read.facts[0]).toContain('100 a second');
  });

  test.each([
    [
      'a frame that the file does not hold',
      { shared: { frames: [] }, profiles: [{ type: 'sampled', samples: [[3]], weights: [1] }] },
    ],
    ['neither sampled nor evented', { shared: { frames: [] }, profiles: [{}] }],
    ['is not a speedscope file', { profiles: [] }],
    [
      'a frame that is not open',
      {
        shared: { frames: [{ name: 'a' }] },
        profiles: [{ type: 'evented', events: [{ type: 'C', frame: 0, at: 1 }] }],
      },
    ],
  ])('is refused with the reason: %s', (reason, file) => {
    expect(() => fromSpeedscope(file, { name })).toThrow(reason);
  });

  test('is refused when a stack is deeper than any profiler walks', () => {
    const deep = Array.from({ length: 6000 }, (_, at) => `f${at}`).join(';');
    expect(() => fromFolded(`${deep} 1\n`, { name })).toThrow('deeper than 5000 frames');
  });

  test('is refused where bytes are no pprof', () => {
    const noise = [
      new Uint8Array([1, 2, 3]),
      new Uint8Array(64).fill(0xff),
      gunzipSync(Buffer.from('H4sIAAAAAAAAAwMAAAAAAAAAAAA=', 'base64')),
    ];
    for (const other of noise) expect(() => fromPprof(other, { name })).toThrow('is not a pprof profile');
  });
});
