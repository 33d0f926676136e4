import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allocationSites } from '../../src/lab/heap/allocation-sites.ts';
import { recordHeap } from '../../src/lab/heap/record-heap.ts';
import { saveSnapshot } from '../../src/lab/heap/save-snapshot.ts';
import { watchGrowth } from '../../src/lab/heap/watch-growth.ts';
import { readProfileFile } from '../../src/lab/profile-files/read-profile-file.ts';
import { writeProfileFile } from '../../src/lab/profile-files/write-profile-file.ts';
import { ownListeningSockets } from '../../src/shared/listening-ports.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const missing = process.platform === 'linux' ? undefined : 'needs /proc of Linux';
const program = new URL('../support/run-allocating-program.ts', import.meta.url).pathname;
const options = {
  logger: createLogger('error'),
  signal: new AbortController().signal,
  pauseOk: false,
  intervalBytes: 16 * 1024,
};

interface Counted {
  keptBytes: number;
  churnedBytes: number;
}

describe.skipIf(missing)(`the heap of a running process${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  let child: ChildProcess;
  const watched = (): { pid: number; label: string } => ({ pid: child.pid ?? 0, label: 'known' });

  beforeAll(async () => {
    child = fork(program, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
    await once(child, 'message');
  });
  afterAll(() => {
    child.kill('SIGKILL');
  });

  /** Gives what the program counted since it was last told. */
  async function tell(work: string): Promise<Counted> {
    const answer = once(child, 'message');
    child.send(work);
    const [counted]: Counted[] = await answer;
    if (counted === undefined) throw new Error('the program counted nothing');
    return counted;
  }

  async function isLeftAsFound(): Promise<void> {
    expect(child.exitCode).toBeNull();
    expect(await ownListeningSockets(child.pid ?? 0)).toEqual([]);
  }

  test('is recorded with what was collected: names who allocates, with the shares of its own accounting', async () => {
    await tell('keep-and-churn');
    await tell('keep-and-churn');
    const recording = await recordHeap(watched(), { ...options, durationMs: 2500, live: false });
    const { keptBytes, churnedBytes } = await tell('nothing');
    const [first, second] = allocationSites(recording.profile);
    expect([first?.frame.name, second?.frame.name]).toEqual(['churn', 'keepEverything']);
    expect(first?.label).toMatch(/^churn \(support\/run-allocating-program\.ts:\d+\)$/);
    expect(first?.kind).toBe('own');
    const sampledShare = (first?.ownBytes ?? 0) / ((first?.ownBytes ?? 0) + (second?.ownBytes ?? 0));
    expect(Math.abs(sampledShare - churnedBytes / (keptBytes + churnedBytes))).toBeLessThan(0.03);
    expect(recording.profile.unit).toBe('bytes');
    expect(recording.readings.length).toBeGreaterThan(1);
    await isLeftAsFound();

    await using folder = await temporaryFolder();
    const path = join(folder.path, 'known.heapprofile');
    await writeProfileFile(path, {
      title: 'known',
      facts: [],
      parts: [{ label: 'known', profile: recording.profile }],
    });
    const [part] = (await readProfileFile(path)).parts;
    expect(part && allocationSites(part.profile)[0]?.frame.name).toBe('churn');
  });

  test('is recorded alive only: what was dropped is not there', async () => {
    await tell('keep-and-churn');
    const recording = await recordHeap(watched(), { ...options, durationMs: 1500, live: true });
    await tell('nothing');
    const [first, second] = allocationSites(recording.profile);
    expect(first?.frame.name).toBe('keepEverything');
    expect(second?.ownBytes ?? 0).toBeLessThan((first?.ownBytes ?? 0) / 20);
  });

  test('grows: who keeps it is named, with a slope', async () => {
    await tell('keep-and-churn');
    const seen: number[] = [];
    const growth = await watchGrowth(watched(), {
      ...options,
      apartMs: 3000,
      onReading: ({ heapUsedBytes }) => seen.push(heapUsedBytes),
    });
    const { keptBytes } = await tell('nothing');
    expect(growth.sites[0]?.frame.name).toBe('keepEverything');
    const grew = growth.after.memory.heapUsedBytes - growth.before.memory.heapUsedBytes;
    expect(growth.sites[0]?.grewBytes).toBeGreaterThan(grew * 0.7);
    expect(growth.sites[0]?.grewBytes).toBeLessThan(keptBytes * 1.2);
    expect(growth.verdicts.heapUsedBytes).toMatchObject({ verdict: 'unclear', confidence: 0 });
    expect(seen.length).toBeGreaterThanOrEqual(growth.readings.length);
    await isLeftAsFound();
  });

  test('does not grow where buffers do: they are outside of it', async () => {
    await tell('keep-buffers');
    const growth = await watchGrowth(watched(), { ...options, apartMs: 2000 });
    await tell('nothing');
    const { before, after } = growth;
    const grew = (kind: 'heapUsedBytes' | 'externalBytes' | 'arrayBuffersBytes'): number =>
      after.memory[kind] - before.memory[kind];
    expect(grew('arrayBuffersBytes')).toBeGreaterThan(2 ** 20);
    expect(grew('externalBytes')).toBeGreaterThan(2 ** 20);
    expect(grew('heapUsedBytes')).toBeLessThan(grew('arrayBuffersBytes') / 4);
  });

  test('is written down only when a pause is all right, and then whole and for its owner only', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'known.heapsnapshot');
    const written: number[] = [];
    const snapshot = {
      ...options,
      path,
      onBegin: () => undefined,
      onBytes: (bytes: number) => written.push(bytes),
    };
    await expect(saveSnapshot(watched(), snapshot)).rejects.toThrow(
      /would stop process \d+ for about [\d.]+ to [\d.]+ s/,
    );
    await expect(stat(path)).rejects.toThrow('ENOENT');
    await isLeftAsFound();

    const saved = await saveSnapshot(watched(), { ...snapshot, pauseOk: true });
    expect(saved.pauseMs).toBeGreaterThan(0);
    const { mode, size } = await stat(path);
    expect((mode & 0o777).toString(8)).toBe('600');
    expect([saved.bytes, written.at(-1)]).toEqual([size, size]);
    const document: unknown = JSON.parse(await readFile(path, 'utf8'));
    expect(document).toMatchObject({ strings: expect.arrayContaining(['KnownByName']) });
    await isLeftAsFound();
  });

  test('is told until Ctrl-C', async () => {
    await tell('keep-and-churn');
    const interrupt = new AbortController();
    const recording = await watchGrowth(watched(), {
      ...options,
      signal: interrupt.signal,
      apartMs: 600_000,
      onReading: () => interrupt.abort(),
    });
    await tell('nothing');
    expect(recording.apartMs).toBeLessThan(60_000);
    await isLeftAsFound();
  });
});
