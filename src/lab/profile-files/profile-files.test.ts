import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder, type TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Profile } from '../profile/profile.ts';
import { totalsOf } from '../profile/pack-profile.ts';
import type { ProfileSet } from '../profile/profile-set.ts';
import { readProfileFile } from './read-profile-file.ts';
import { writeProfileFile } from './write-profile-file.ts';

const fixtures = join(import.meta.dirname, '../../../test/fixtures/profiles');
const recorded = (file: string): Promise<ProfileSet> => readProfileFile(join(fixtures, file));

const weightOf = (profile: Profile): number => Math.round(totalsOf(profile)[0] ?? 0);

/** The function that weighs most itself. */
function hottest(profile: Profile | undefined): string {
  const [node] = profile?.nodes.toSorted((a, b) => b.self - a.self) ?? [];
  return profile?.frames[node?.frame ?? -1]?.name ?? '';
}

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('recordings of other tools', () => {
  test("py-spy's raw stacks: a part for each thread, named by process", async () => {
    const { parts } = await recorded('py-spy.raw');
    expect(parts.map(({ label }) => label)).toEqual([
      '/usr/bin/python3 busy.py (pid 26748) · MainThread',
      '/usr/bin/python3 busy.py (pid 26748) · sums',
    ]);
    // 119 and 120 samples, 100 a second.
    expect(parts.map(({ profile }) => weightOf(profile))).toEqual([1_190_000, 1_200_000]);
    expect(hottest(parts[0]?.profile)).toBe('JSONDecoder.raw_decode');
  });

  test("py-spy's drawing: the tree of its bars", async () => {
    const { parts, facts } = await recorded('py-spy.svg');
    const [part] = parts;
    expect(part === undefined ? 0 : weightOf(part.profile)).toBe(2_420_000);
    expect(hottest(part?.profile)).toBe('JSONDecoder.raw_decode');
    const decode = part?.profile.frames.findIndex((frame) => frame.name === 'JSONDecoder.decode');
    const caller = part?.profile.nodes.find(({ frame }) => frame === decode)?.parent ?? -1;
    expect(part?.profile.frames[part.profile.nodes[caller]?.frame ?? -1]).toMatchObject({
      name: 'loads',
      file: 'json/__init__.py',
    });
    expect(facts.join(' ')).toContain('100 a second');
  });

  test("py-spy's speedscope: threads in order of time, in microseconds", async () => {
    const { parts } = await recorded('py-spy.speedscope.json');
    expect(parts.map(({ label }) => label)).toEqual(['Thread 26748 "MainThread"', 'Thread 26750 "sums"']);
    expect(parts[0]?.profile).toMatchObject({ order: 'time', unit: 'microseconds', interval: 10_000 });
  });

  test('the text of perf: a part for each thread, whose gaps are idle', async () => {
    const { parts } = await recorded('perf-script.txt');
    expect(parts.map(({ label }) => label)).toEqual(['python (26748)', 'python (26750)']);
    const [first] = parts;
    const idle = first?.profile.frames.findIndex((frame) => frame.name === '(idle)');
    const nodes = first?.profile.nodes.filter((node) => node.frame !== idle) ?? [];
    const busyUs = nodes.reduce((sum, { self }) => sum + self, 0);
    // 23 samples of 20,408 µs; where they stand in time is told to half an interval.
    expect(Math.round(busyUs / 20_408.163)).toBe(23);
    expect(first?.profile.frames.some((frame) => frame.name === 'scan_once_unicode')).toBe(true);
    expect(first?.profile.frames.some((frame) => frame.file.endsWith('libpython3.11.so.1.0'))).toBe(true);
  });

  test("V8's allocation profile: bytes by the function that allocated them", async () => {
    const [part] = (await recorded('node.heapprofile')).parts;
    expect(part?.profile.unit).toBe('bytes');
    expect(hottest(part?.profile)).toBe('allocateOrders');
    expect(part?.profile.frames.some(({ file }) => file === '/srv/app/heap.mjs')).toBe(true);
  });

  test("Go's CPU and heap profiles: their time and what is in use", async () => {
    const [cpu] = (await recorded('go-cpu.pb.gz')).parts;
    expect(cpu?.profile).toMatchObject({ unit: 'microseconds', interval: 10_000 });
    expect(cpu?.profile.frames.some((frame) => frame.name === 'main.digest')).toBe(true);
    const heap = await recorded('go-heap.pb.gz');
    expect(heap.parts[0]?.profile.unit).toBe('bytes');
    expect(hottest(heap.parts[0]?.profile)).toBe('main.retain');
    expect(heap.facts).toEqual(['Shown is inuse_space; the file holds also alloc_space.']);
  });
});

describe('a file of profiles', () => {
  test('is told by what is in it, whatever its name is, compressed or not', async () => {
    const file = join(folder.path, 'download');
    await writeFile(file, gzipSync(await readFile(join(fixtures, 'py-spy.speedscope.json'))));
    expect((await readProfileFile(file)).parts).toHaveLength(2);
  });

  test('takes the rate of samples that the user knows', async () => {
    const { parts, facts } = await readProfileFile(join(fixtures, 'py-spy.raw'), { rateHz: 50 });
    expect(parts.map(({ profile }) => weightOf(profile))).toEqual([2_380_000, 2_400_000]);
    expect(facts).toEqual([]);
  });

  test.each(['.svg', '.speedscope.json'])('reads back the same from %s', async (ending) => {
    const set = await recorded('py-spy.speedscope.json');
    const file = join(folder.path, `same${ending}`);
    await writeProfileFile(file, set);
    expect(await readProfileFile(file)).toEqual(set);
  });

  test.each(['.pb.gz', '.pb', '.cpuprofile', '.folded', '.txt'])('keeps its weight in %s', async (ending) => {
    const set = await recorded('py-spy.raw');
    const file = join(folder.path, `kept${ending}`);
    await writeProfileFile(file, set);
    const { parts } = await readProfileFile(file);
    expect(parts.reduce((sum, { profile }) => sum + weightOf(profile), 0)).toBe(2_390_000);
  });

  test('is written to no other ending, and bytes to .heapprofile only', async () => {
    const set = await recorded('py-spy.raw');
    const other = join(folder.path, 'a.xyz');
    await expect(writeProfileFile(other, set)).rejects.toThrow('let it end in .html, .svg, .speedscope.json');
    await expect(writeProfileFile(join(folder.path, 'a.heapprofile'), set)).rejects.toThrow('holds bytes');
    await expect(stat(other)).rejects.toThrow('ENOENT');
  });

  test('does not show the secrets of the command line that it was taken of', async () => {
    const set = await recorded('py-spy.raw');
    const file = join(folder.path, 'secret.svg');
    await writeProfileFile(file, { ...set, title: 'serve --dsn postgresql://u:hidden@h/d' });
    expect(await readFile(file, 'utf8')).not.toContain('hidden');
  });

  test.each([
    ['empty', '', 'is empty'],
    ['words', 'hello\nworld\n', 'line 1 does not end in a number'],
    ['other JSON', '{"a": 1}', "neither speedscope's nor V8's"],
    ['cut JSON', '{"nodes": [', 'is broken JSON'],
    ['a drawing of something else', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'has no bars'],
    ["perf's own file", 'PERFILE2\u0000\u0000', 'perf script -i'],
    ['noise', '\u0000\u0001\u0002', 'is not a pprof profile'],
    [
      'a broken tree',
      '<html><script type="application/json" id="profile-data">{"parts":[{"profile":{"frames":{"name":["a"]},"nodes":{"frame":[0],"parent":[7],"self":[1]}}}]}</script>',
      'is broken',
    ],
  ])('is refused with the reason: %s', async (what, text, reason) => {
    const file = join(folder.path, `bad ${what}`);
    await writeFile(file, text);
    await expect(readProfileFile(file)).rejects.toThrow(reason);
    await expect(readProfileFile(file)).rejects.toMatchObject({ code: 'source_unreadable' });
  });

  test.each([
    [
      'threads',
      () => Array.from({ length: 10_001 }, (_, at) => `thread (${at});run 1\n`).join(''),
      'threads',
    ],
    ['frames in one stack', () => `${'a;'.repeat(5_001)}b 1\n`, 'a stack deeper than 5000 frames'],
    ['rows of a drawing', () => drawingOf(6_000), 'a stack deeper than 5000 frames'],
    // An empty sample is two bytes: what it becomes in memory is many times more.
    ['samples', () => Buffer.alloc(2 * 4_000_001, Buffer.from([0x12, 0])), 'more than 4000000 samples'],
    // Numbers of one byte each in one list.
    ['numbers', () => packedSample(6_000), 'a stack deeper than 5000 frames'],
    ['bytes', () => Buffer.alloc(64 * 1024 * 1024 + 1), 'more than 64 MiB'],
  ])('is refused when it has more than anybody could look at: %s', async (what, content, reason) => {
    const file = join(folder.path, `large ${what}`);
    await writeFile(file, gzipSync(content(), { level: 1 }));
    await expect(readProfileFile(file)).rejects.toThrow(reason);
    await expect(readProfileFile(file)).rejects.toMatchObject({ code: 'source_unreadable' });
  });

  test('that is not there is named', async () => {
    await expect(readProfileFile(join(folder.path, 'gone'))).rejects.toThrow('gone cannot be read');
  });
});

/** A pprof profile of one sample with so many places on its stack. */
function packedSample(places: number): Buffer {
  const ids = Buffer.concat([Buffer.from([0x0a]), varint(places), Buffer.alloc(places, 1)]);
  return Buffer.concat([Buffer.from([0x12]), varint(ids.length), ids]);
}

function varint(value: number): Buffer {
  return Buffer.from(value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);
}

/** A bar on a bar on a bar. */
function drawingOf(rows: number): string {
  const bars = Array.from(
    { length: rows },
    (_, at) => `<title>f${at} (${rows - at} samples, 1%)</title><rect x="0" y="${at}" width="9" height="1"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg">${bars.join('')}</svg>`;
}
