import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { readRunQueueMs } from '../../src/shared/proc-files.ts';
import { openProfiler } from '../../src/lab/profilers/open-profiler.ts';
import type { CpuProfiler, ProfilingWindow } from '../../src/lab/profilers/profiler.ts';
import type { ProfilerCpu } from '../../src/lab/profilers/profiler-cpu.ts';
import type { BusyTarget } from './busy-target.ts';

/** What one round showed; a loss is a part of what the target does without a profiler, 0 to 1. */
export interface Round {
  /** Per second of the target's own CPU: what neighbours on the machine disturb least. */
  readonly cpuLoss: number;
  /** Per second that passed. */
  readonly loss: number;
  /** Per second of CPU, in the first two seconds from the moment that attaching begins. */
  readonly attachingLoss: number;
  /** CPU of py-spy or perf beside the target, of a core, 0 to 1. */
  readonly profilerShare: number;
  /**
   * Of the time without a profiler and with it, the worse of both: how much of it the target was ready and had no core,
   * 0 to 1. Where it is much, neighbours on the machine were measured. Zero on a kernel that does not tell.
   */
  readonly waitShare: number;
}

/** From the beginning of an attachment on, what is lost for so long is its cost. */
const attachingMs = 2_000;
/** A profiler that has just been attached, or left, does what it does once. */
const settleMs = 500;

interface Speed {
  readonly perCpuSecond: number;
  readonly perSecond: number;
  readonly waitShare: number;
}

/**
 * Half of a window without a profiler, a whole one with it, and half of one without again, so that what drifts meets
 * both alike. In the middle of the window with it, the next profile begins and the last one is read, as in a session.
 */
export async function takeRound(
  target: BusyTarget,
  { rateHz, windowMs, profilers }: { rateHz: number; windowMs: number; profilers: ProfilerCpu },
): Promise<Round> {
  const rest = (): Promise<void> => sleep(windowMs / 2);
  const before = await speedDuring(target, rest);
  const profiled = await profile(target, rateHz, async (turn) => {
    await sleep(settleMs);
    await profilers.takeMs();
    const fromMs = performance.now();
    const speed = await speedDuring(target, async () => {
      await rest();
      await turn();
      await rest();
    });
    return { speed, profilerShare: (await profilers.takeMs()) / (performance.now() - fromMs) };
  });
  await sleep(settleMs);
  const after = await speedDuring(target, rest);
  const lossOf = (speed: Speed, figure: keyof Speed): number =>
    1 - (2 * speed[figure]) / (before[figure] + after[figure]);
  return {
    cpuLoss: lossOf(profiled.speed, 'perCpuSecond'),
    loss: lossOf(profiled.speed, 'perSecond'),
    attachingLoss: lossOf(profiled.attaching, 'perCpuSecond'),
    profilerShare: profiled.profilerShare,
    waitShare: Math.max(...[before, profiled.speed, after].map(({ waitShare }) => waitShare)),
  };
}

/** Attaches, does something while a profile is taken, and leaves. `turn` ends a profile when the next has begun. */
async function profile<T>(
  target: BusyTarget,
  rateHz: number,
  act: (turn: () => Promise<void>) => Promise<T>,
): Promise<T & { attaching: Speed }> {
  let profiler: CpuProfiler | undefined;
  let running: ProfilingWindow | undefined;
  const turn = async (): Promise<void> => {
    const last = running;
    running = await profiler?.start();
    await last?.stop();
  };
  try {
    const attaching = await speedDuring(target, async () => {
      const over = sleep(attachingMs);
      const { signal } = new AbortController();
      profiler = await openProfiler(target.pid, { logger: createLogger('silent'), signal, rateHz });
      await turn();
      await over;
    });
    const done = await act(turn);
    await running?.stop();
    return { ...done, attaching };
  } finally {
    await profiler?.close();
  }
}

async function speedDuring(target: BusyTarget, act: () => Promise<void>): Promise<Speed> {
  const [from, waitedMs] = [await target.read(), await readRunQueueMs(target.pid)];
  await act();
  const [to, hasWaitedMs] = [await target.read(), await readRunQueueMs(target.pid)];
  const [units, cpuMs, passedMs] = [to.units - from.units, to.cpuMs - from.cpuMs, to.atMs - from.atMs];
  return {
    perCpuSecond: (units * 1_000) / cpuMs,
    perSecond: (units * 1_000) / passedMs,
    waitShare: ((hasWaitedMs ?? 0) - (waitedMs ?? 0)) / passedMs,
  };
}
