import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { readChildPids, readProcStat } from '../../shared/proc-files.ts';
import { ProfilerCpu } from './profiler-cpu.ts';

/** Uses many ticks of CPU, says so, and ends when its stdin does. */
const busy = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo used; read line';

describe.skipIf(process.platform !== 'linux')('CPU of the profilers that a process has started', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    for (const name of ['perf', 'py-spy', 'nsenter', 'generator'])
      await symlink('/bin/sh', join(folder.path, name));
  });
  afterAll(async () => folder[Symbol.asyncDispose]());

  /** Resolves when it has used its CPU, of which `end` waits for the last bit. */
  async function start(
    name: string,
    words: readonly string[] = ['-c', busy],
  ): Promise<{ usedMs: number; end: () => Promise<void> }> {
    const child = spawn(join(folder.path, name), words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    return {
      usedMs: (await readProcStat((await readChildPids(child.pid ?? 0))[0] ?? child.pid ?? 0)).cpuMs,
      async end() {
        child.stdin.end();
        await exited;
      },
    };
  }

  test('is counted while they run, and once', async () => {
    const cpu = new ProfilerCpu();
    expect(await cpu.takeMs()).toBe(0);
    const profiler = await start('perf');
    expect(await cpu.takeMs()).toBeGreaterThanOrEqual(profiler.usedMs);
    await profiler.end();
    expect(await cpu.takeMs()).toBeLessThan(profiler.usedMs);
  });

  test('is counted of one that another program starts in a container, and once', async () => {
    const cpu = new ProfilerCpu();
    await cpu.takeMs();
    const startsNext = '"$@"; exit';
    const profiler = await start('nsenter', [
      '-c',
      startsNext,
      'sh',
      join(folder.path, 'py-spy'),
      '-c',
      busy,
    ]);
    expect(profiler.usedMs).toBeGreaterThan(0);
    expect(await cpu.takeMs()).toBeGreaterThanOrEqual(profiler.usedMs);
    await profiler.end();
    expect(await cpu.takeMs()).toBeLessThan(profiler.usedMs);
    const other = await start('nsenter', [
      '-c',
      startsNext,
      'sh',
      join(folder.path, 'generator'),
      '-c',
      busy,
    ]);
    expect(await cpu.takeMs()).toBe(0);
    await other.end();
  });

  test('is counted of one that began and ended between two looks', async () => {
    const cpu = new ProfilerCpu();
    await cpu.takeMs();
    const profiler = await start('perf');
    await profiler.end();
    expect(await cpu.takeMs()).toBeGreaterThanOrEqual(profiler.usedMs);
  });

  test('is not that of another program that was started, running or ended', async () => {
    const cpu = new ProfilerCpu();
    await cpu.takeMs();
    const other = await start('generator');
    expect(await cpu.takeMs()).toBe(0);
    await other.end();
    expect(await cpu.takeMs()).toBe(0);
  });
});
