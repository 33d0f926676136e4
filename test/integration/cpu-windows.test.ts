import { once } from 'node:events';
import { expect, test } from 'vitest';
import { ProfiledProcesses } from '../../src/lab/cpu/profiled-processes.ts';
import { NodeTarget } from '../../src/lab/profilers/node/node-target.ts';
import type { CpuProfiler } from '../../src/lab/profilers/profiler.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { startNode } from '../support/node-program.ts';
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
      const target = await NodeTarget.attach(pid, { logger, signal });
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
