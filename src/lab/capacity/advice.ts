import { figure, percent } from '../diagnose/computed/figures.ts';
import type { RampResult } from './answer.ts';
import type { Capacity } from './capacity-schema.ts';
import { goodRSquared } from './knee.ts';
import type { Step } from './step.ts';
import { peakUsers } from './throughput-models.ts';

/**
 * The share of its capacity that a stack is best planned for: where arrivals are random, waiting grows with
 * 1 / (1 − utilisation) (the queue M/M/1, Kleinrock, Queueing Systems I, 1975), threefold here and tenfold at 90 %.
 */
const plannedShare = 0.7;
/** An answer whose interval is wider than this share of it is a rough one. */
const wideShare = 0.2;
const manyFailures = 0.01;

/** Why not to believe the figures, or how far. */
export function caveatsOf({ answer, fits, ended }: RampResult, steps: readonly Step[]): string[] {
  const [best] = fits;
  const saturated = steps.filter(({ generator }) => generator === 'saturated').length;
  const disturbed = steps.filter(({ generator }) => generator === 'disturbed').length;
  const failing = steps.filter(
    ({ users, failedShare }) => users <= (answer?.users ?? 0) && failedShare >= manyFailures,
  ).length;
  const mostUsers = Math.max(0, ...steps.map(({ users }) => users));
  const usl = fits.find(({ model }) => model.kind === 'usl');
  const peak = usl?.model.kind === 'usl' ? peakUsers(usl.model) : null;
  return [
    ...(best === undefined && ended !== 'interrupted'
      ? ['Too few levels were measured to fit a curve.']
      : []),
    ...(best !== undefined && best.rSquared < goodRSquared
      ? [
          `No curve describes the levels well (R² ${figure(best.rSquared)}): they are noisy, or the stack changed meanwhile. ` +
            'Trust what was measured, not the curve.',
        ]
      : []),
    ...(best?.model.kind === 'usl' && peak !== null && peak > mostUsers
      ? [
          `The peak of the fitted curve, at ${figure(peak)} users, lies beyond the ${figure(mostUsers)} that were measured: ` +
            'it is extrapolated.',
        ]
      : []),
    ...(saturated > 0
      ? [
          `At ${saturated} of ${steps.length} levels the load generator was saturated; they count for nothing.`,
        ]
      : []),
    ...(disturbed > 0
      ? [
          `At ${disturbed} of ${steps.length} levels the load generator was disturbed: latencies look higher than they are.`,
        ]
      : []),
    ...(failing > 0
      ? [`At ${failing} levels up to the answer, ${percent(manyFailures)} or more of the requests failed.`]
      : []),
    ...(answer?.interval !== undefined && answer.interval.high - answer.interval.low > wideShare * answer.rps
      ? ['The seconds differ much from each other: measure longer with --step.']
      : []),
  ];
}

/** What to do with the answer. */
export function adviseCapacity(
  { answer, fits, latencyKneeUsers }: RampResult,
  limit: Capacity['limit'],
  mostUsers: number,
): string[] {
  if (limit?.layer === 'generator') {
    return ['Give the load generator cores of its own, or another machine, and measure again.'];
  }
  if (answer === undefined)
    return ['Find out why so few users break the limits before planning with any number.'];
  if (answer.atLeast) return ['Measure again with a higher --max-users to find the limit.'];
  const [best] = fits;
  const peak = best?.model.kind === 'usl' ? peakUsers(best.model) : null;
  return [
    `Plan for ${percent(plannedShare)} of it, ${figure(answer.rps * plannedShare)} requests/s, so that there is room for ` +
      'peaks and for the loss of an instance.' +
      (latencyKneeUsers !== null && latencyKneeUsers < answer.users
        ? ` From ${figure(latencyKneeUsers)} users on p95 has already doubled.`
        : ''),
    ...(peak !== null && peak <= mostUsers
      ? [`Admit at most ${figure(peak)} users at a time: beyond, throughput falls.`]
      : []),
  ];
}
