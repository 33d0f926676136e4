import { sleep } from '../../src/shared/clock.ts';
import { readRunQueueMs } from '../../src/shared/proc-files.ts';
import type { CpuProfiler } from '../../src/lab/profilers/profiler.ts';
import type { ProfilerCpu } from '../../src/lab/profilers/profiler-cpu.ts';
import type { BusyTarget } from './busy-target.ts';

/** What one round showed; a loss is a part of what the target does without a profile being taken, 0 to 1. */
export interface Round {
  /** To being sampled, per second of the target's own CPU: what neighbours on the machine disturb least. */
  readonly cpuLoss: number;
  /** The same per second that passed. */
  readonly loss: number;
  /** Work that beginning a profile and reading it cost, as milliseconds of the target's own CPU. */
  readonly turnMs: number;
  /** CPU of py-spy or perf beside the target, of a core, 0 to 1. */
  readonly profilerShare: number;
  /**
   * Of the time without a profile and with it, the worse of both: how much of it the target was ready and had no core,
   * 0 to 1. Where it is much, neighbours on the machine were measured. Zero on a kernel that does not tell.
   */
  readonly waitShare: number;
}

/** A profile that has just begun, or was read, does what it does once: that is counted with the turn. */
const settleMs = 30;

interface Stretch {
  readonly units: number;
  readonly cpuMs: number;
  readonly passedMs: number;
  readonly waitedMs: number;
}

/**
 * Half of a window without a profile, a whole one with it, and half of one without again. A machine that is shared runs
 * faster and slower by a fifth from one second to the next: windows are short, so that both meet the same, and many.
 */
export async function takeRound(
  target: BusyTarget,
  profiler: CpuProfiler,
  { windowMs, profilers }: { windowMs: number; profilers: ProfilerCpu },
): Promise<Round> {
  const rest = (): Promise<void> => sleep(windowMs / 2);
  const before = await stretch(target, rest);
  let running: Awaited<ReturnType<CpuProfiler['start']>> | undefined;
  const beginning = await stretch(target, async () => {
    running = await profiler.start();
    await sleep(settleMs);
  });
  await profilers.takeMs();
  const profiled = await stretch(target, () => sleep(windowMs));
  const profilerMs = await profilers.takeMs();
  const reading = await stretch(target, async () => {
    await running?.stop();
    await sleep(settleMs);
  });
  const after = await stretch(target, rest);
  const without = sum(before, after);
  return {
    cpuLoss: 1 - (profiled.units * without.cpuMs) / (profiled.cpuMs * without.units),
    loss: 1 - (profiled.units * without.passedMs) / (profiled.passedMs * without.units),
    turnMs: lostMs(sum(beginning, reading), without),
    profilerShare: profilerMs / profiled.passedMs,
    waitShare: Math.max(...[without, profiled].map(({ waitedMs, passedMs }) => waitedMs / passedMs)),
  };
}

/** CPU time that went into no unit of work, at the speed of `without`. */
function lostMs({ units, cpuMs }: Stretch, without: Stretch): number {
  return cpuMs - (units * without.cpuMs) / without.units;
}

function sum(a: Stretch, b: Stretch): Stretch {
  return {
    units: a.units + b.units,
    cpuMs: a.cpuMs + b.cpuMs,
    passedMs: a.passedMs + b.passedMs,
    waitedMs: a.waitedMs + b.waitedMs,
  };
}

async function stretch(target: BusyTarget, act: () => Promise<void>): Promise<Stretch> {
  const [from, waitedMs] = [await target.read(), await readRunQueueMs(target.pid)];
  await act();
  const [to, hasWaitedMs] = [await target.read(), await readRunQueueMs(target.pid)];
  return {
    units: to.units - from.units,
    cpuMs: to.cpuMs - from.cpuMs,
    passedMs: to.atMs - from.atMs,
    waitedMs: (hasWaitedMs ?? 0) - (waitedMs ?? 0),
  };
}
