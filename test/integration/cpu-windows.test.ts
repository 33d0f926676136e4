import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ProfiledProcesses } from '../../src/lab/cpu/profiled-processes.ts';
import { recordProfiles } from '../../src/lab/cpu/record.ts';
import { StartedProgram } from '../../src/lab/cpu/started-program.ts';
import { NodeTarget } from '../../src/lab/profilers/node/node-target.ts';
import { StartedNode, waitForProfiler } from '../../src/lab/profilers/node/started-node.ts';
import type { CpuProfiler } from '../../src/lab/profilers/profiler.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { sleep } from '../../src/shared/clock.ts';
import { readChildPids } from '../../src/shared/proc-files.ts';
import { busyFunction, startNode } from '../support/node-program.ts';
import { hottestFunction, inclusiveShare, shareError } from '../support/node-shares.ts';
import { title } from '../support/requires.ts';

const linux = process.platform === 'linux' ? { path: '/proc' } : { missing: 'needs /proc of Linux' };
const logger = createLogger('silent');
const { signal } = new AbortController();

/** The kernel counts in hundredths of a second. */
const tickMs = 10;

test.skipIf(linux.missing)(
  title(
    'the CPU time of a window is that of its functions, also of a process that is busy at its end',
    linux,
  ),
  async () => {
    await using program = await startNode(`
      const { pbkdf2Sync } = require('node:crypto');
      let usedMs = 0;
      // In one call, which no inspector interrupts.
      function busy() {
        const begin = process.cpuUsage();
        process.send('begun');
        pbkdf2Sync('', '', 1_000_000, 32, 'sha1');
        const { user, system } = process.cpuUsage(begin);
        usedMs = (user + system) / 1000;
      }
      answers.usedMs = () => usedMs;
      answers.work = () => new Promise(() => setImmediate(busy));`);
    let isLast = false;
    /** Gives the process work at the moment at which a window ends. */
    const open = async (pid: number): Promise<CpuProfiler> => {
      const target = await NodeTarget.attach(pid, { logger, signal, cutTimeoutMs: 25_000 });
      return {
        pid,
        profiler: 'v8',
        get lost() {
          return target.lost;
        },
        start: async () => {
          if (isLast) {
            const begun = once(program.child, 'message');
            program.child.send('work');
            await begun;
          }
          return target.start();
        },
        vitals: () => target.vitals(),
        close: () => target.close(),
      };
    };
    const processes = await ProfiledProcesses.attach(
      [{ role: 'gateway', name: 'gateway', pid: program.pid }],
      { open, subprocesses: false, onNote: () => undefined },
    );
    isLast = true;
    const [window] = await processes.turn();
    const usedMs = Number(await program.ask('usedMs'));
    await processes.close();
    expect(window?.threads.map(({ profile }) => profile.frames.map(({ name }) => name)).flat()).toContain(
      'busy',
    );
    expect(window?.cpuMs).toBeGreaterThanOrEqual(usedMs - 2 * tickMs);
  },
);

describe.skipIf(linux.missing)(
  title('a lab that asks for nothing for longer than a dead one is waited for', linux),
  () => {
    const abandonedAfterMs = 2000;
    const longMs = 1.5 * abandonedAfterMs;

    test.concurrent('keeps what it is attached to', async () => {
      await using program = await startNode(`${busyFunction('lateWork', 300)} answers.work = lateWork;`);
      const before = await program.footprint();
      const target = await NodeTarget.attach(program.pid, { logger, signal, abandonedAfterMs });
      const window = await target.start();
      await sleep(longMs);
      await program.ask('work');
      const [main] = await window.stop();
      expect(main && hottestFunction(main.profile)).toBe('lateWork');
      expect((await target.vitals()).heapUsedBytes).toBeGreaterThan(0);
      await target.close();
      expect(await program.footprint()).toEqual(before);
    });

    test.concurrent.each(['its time is over', 'it is interrupted'])(
      'has the profile of a command when %s',
      async (end) => {
        const warnings: string[] = [];
        const program = await StartedProgram.start(
          [process.execPath, '-e', `${busyFunction('steadyWork', 20)} setInterval(steadyWork, 40);`],
          { stdio: 'ignore', nodeOptions: waitForProfiler },
        );
        const interrupt = new AbortController();
        const processes = ProfiledProcesses.around(
          { role: 'gateway', name: 'gateway', pid: program.pid },
          {
            open: (pid) =>
              StartedNode.attach(pid, {
                logger: { ...logger, warn: (text) => warnings.push(text) },
                signal,
                abandonedAfterMs,
              }),
            subprocesses: true,
            isReady: (pid, runtime) => program.isReady(pid, runtime),
            onNote: (text) => warnings.push(text),
          },
        );
        const isOver = end === 'its time is over';
        const recording = recordProfiles(processes, {
          ...(isOver ? { durationMs: longMs } : {}),
          signal: interrupt.signal,
          started: true,
          ended: program.ended,
        });
        if (!isOver) {
          await sleep(longMs);
          interrupt.abort();
        }
        const [recorded] = (await recording).processes;
        await processes.close();
        program.kill('SIGKILL');
        const main = recorded?.threads[0]?.profile;
        expect(main && hottestFunction(main)).toBe('steadyWork');
        expect(warnings).toEqual([]);
      },
    );
  },
);

describe.skipIf(linux.missing)(
  title('a thread that is in one call for longer than a part of its profile', linux),
  () => {
    test('has the shares of its own account, and what is missing at the end is told', async () => {
      await using program = await startNode(`
      const { execSync } = require('node:child_process');
      const account = { nativePart: 0, scriptPart: 0 };
      function nativePart() { const start = performance.now(); execSync('sleep 0.7'); account.nativePart += performance.now() - start; }
      ${busyFunction('scriptPart', 300, 'account.scriptPart += performance.now() - start;')}
      answers.work = async () => {
        for (let round = 0; round < 3; round += 1) {
          nativePart();
          scriptPart();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return account;
      };
      answers.block = () => { setTimeout(() => { try { execSync('exec sleep 600'); } catch {} }, 20); };`);
      const target = await NodeTarget.attach(program.pid, {
        logger,
        signal,
        chunkMs: 200,
        cutTimeoutMs: 2000,
      });
      const window = await target.start();
      const account = z.record(z.string(), z.number()).parse(await program.ask('work'));
      const [main] = await window.stop();
      const profile = main?.profile;
      expect(target.facts()).toEqual([]);
      if (profile === undefined) throw new Error('no profile');
      const spentMs = Object.values(account).reduce((sum, ms) => sum + ms, 0);
      const shares = Object.keys(account).map((name) => inclusiveShare(profile, name));
      const all = shares.reduce((sum, share) => sum + share, 0);
      for (const [at, ms] of Object.values(account).entries()) {
        expect(Math.abs((shares[at] ?? 0) / all - ms / spentMs)).toBeLessThan(
          0.03 + shareError(profile, 300),
        );
      }
      const sampledMs = profile.samples.reduce((sum, { weight }) => sum + weight / 1000, 0);
      expect(sampledMs / (profile.endMs - profile.startMs)).toBeGreaterThan(0.97);

      const blocked = await target.start();
      // A part of it is there.
      await (await target.start()).stop();
      await program.ask('block');
      await expect.poll(() => readChildPids(program.pid), { timeout: 20_000 }).not.toEqual([]);
      await blocked.stop();
      expect(target.facts()).toEqual([
        expect.stringMatching(/^The last .* of pid \d+, main, are missing: it did not answer\.$/),
      ]);
      for (const child of await readChildPids(program.pid)) process.kill(child);
      await target.close();
    });
  },
);
