import { z } from 'zod';
import { between } from './random.ts';
import type { Random } from './random.ts';

const pauseMs = z.number().min(0).max(3_600_000);

const constantPause = z.strictObject({ kind: z.literal('constant'), ms: pauseMs });
const drawnPause = z
  .strictObject({ kind: z.literal('between'), minMs: pauseMs, maxMs: pauseMs })
  .refine(({ minMs, maxMs }) => minMs <= maxMs, { error: 'the lower bound must not exceed the upper one' });

/** A pause by itself. */
export const pauseSchema = z.discriminatedUnion('kind', [constantPause, drawnPause]);
export type Pause = z.infer<typeof pauseSchema>;

/**
 * What lies between two tasks of a user, by the names that Locust gave them. `constant` and `between` are pauses from
 * the end of a task; `constant-pacing` and `constant-throughput` keep the starts of tasks apart.
 */
export const waitSchema = z.discriminatedUnion('kind', [
  constantPause,
  drawnPause,
  z.strictObject({ kind: z.literal('constant-pacing'), ms: pauseMs }),
  z.strictObject({ kind: z.literal('constant-throughput'), tasksPerS: z.number().min(1e-3).max(1e5) }),
]);
export type Wait = z.infer<typeof waitSchema>;

/**
 * How long a user waits from `nowMs` on. `lastStartMs` is when its last task was meant to start, undefined before the
 * first. A task that took longer than the pace allows is followed at once; what was missed is not caught up.
 */
export function waitMsOf(wait: Wait, random: Random, nowMs: number, lastStartMs: number | undefined): number {
  if (wait.kind === 'constant') return wait.ms;
  if (wait.kind === 'between') return between(random, wait.minMs, wait.maxMs);
  if (lastStartMs === undefined) return 0;
  const paceMs = wait.kind === 'constant-pacing' ? wait.ms : 1000 / wait.tasksPerS;
  return Math.max(0, lastStartMs + paceMs - nowMs);
}
