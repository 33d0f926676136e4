import { formatDurationMs } from '../../../shared/duration.ts';
import { isOpenModel } from './executor-plan.ts';
import type { ExecutorPlan } from './executor-plan.ts';

/** `200/s`, or `10s:50,30s:200` as stages are written; undefined for the closed model. */
export function describeArrivals(plan: ExecutorPlan): string | undefined {
  if (!isOpenModel(plan)) return undefined;
  if (plan.kind === 'constant-arrival-rate') return `${plan.ratePerS}/s`;
  const stages = describeStages(plan.stages, ({ ratePerS }) => ratePerS);
  return (plan.startRatePerS > 0 ? `${plan.startRatePerS}/s, then ` : '') + stages;
}

/** `30s:50,1m:200` as stages of users are written; undefined for a plan without them. */
export function describeUserStages(plan: ExecutorPlan): string | undefined {
  return plan.kind === 'staged-users' ? describeStages(plan.stages, ({ users }) => users) : undefined;
}

function describeStages<S extends { durationMs: number }>(
  stages: readonly S[],
  levelOf: (stage: S) => number,
): string {
  return stages.map((stage) => `${formatDurationMs(stage.durationMs)}:${levelOf(stage)}`).join(',');
}
