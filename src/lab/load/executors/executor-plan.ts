import { z } from 'zod';
import { longestTimerMs } from '../../../shared/duration.ts';
import { countArrivals, scheduleMs } from './arrival-schedule.ts';

/** The most users that one load may be asked for: each can hold a socket, and Linux has 28,232 local ports for one target. */
export const maxUsers = 20_000;
/** Users that arrivals may take when nothing is said; enough for 1,000 tasks a second that take a second each. */
export const usualMaxUsers = 1_000;
/** Arrivals per second that one generator may be asked for: beyond what a core can send. */
const maxRatePerS = 100_000;

const mostUsers = z.int().min(1).max(maxUsers);
const durationMs = z.number().positive().max(86_400_000);
const userStage = z.strictObject({ durationMs, users: z.int().min(0).max(maxUsers) });
const rateStage = z.strictObject({
  durationMs,
  ratePerS: z.number().min(0).max(maxRatePerS),
});

/**
 * Who decides when a task begins. `closed-users`: each user, when its last task has ended and it has waited, so that
 * a slow target is asked less; `staged-users`: the same, with a number of users that follows stages. The arrival
 * rates: the clock, whatever the target does; `maxUsers` bounds how many tasks are under way at once.
 */
export const executorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('closed-users') }),
  z
    .strictObject({ kind: z.literal('staged-users'), stages: z.array(userStage).min(1).max(100) })
    .refine(({ stages }) => stages.some(({ users }) => users > 0), { error: 'the stages hold no user' })
    .refine((plan) => scheduleMs(plan) <= longestTimerMs, { error: 'the stages are too long together' }),
  z.strictObject({
    kind: z.literal('constant-arrival-rate'),
    ratePerS: z.number().min(1e-3).max(maxRatePerS),
    maxUsers: mostUsers,
  }),
  z
    .strictObject({
      kind: z.literal('ramping-arrival-rate'),
      startRatePerS: z.number().min(0).max(maxRatePerS),
      stages: z.array(rateStage).min(1).max(100),
      maxUsers: mostUsers,
    })
    .refine((plan) => countArrivals(plan) > 0, { error: 'the stages hold no arrival' })
    .refine((plan) => scheduleMs(plan) <= longestTimerMs, { error: 'the stages are too long together' }),
]);
export type ExecutorPlan = z.infer<typeof executorSchema>;

/** Whether tasks arrive by the clock, whatever the target does. */
export function isOpenModel(
  plan: ExecutorPlan,
): plan is Exclude<ExecutorPlan, { kind: 'closed-users' | 'staged-users' }> {
  return plan.kind !== 'closed-users' && plan.kind !== 'staged-users';
}
