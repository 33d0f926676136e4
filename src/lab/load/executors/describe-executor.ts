import { formatDurationMs } from '../../../shared/duration.ts';
import type { ExecutorPlan } from './executor-plan.ts';

/** `200/s`, or `10s:50,30s:200` as stages are written; undefined for the closed model. */
export function describeArrivals(plan: ExecutorPlan): string | undefined {
  if (plan.kind === 'closed-users') return undefined;
  if (plan.kind === 'constant-arrival-rate') return `${plan.ratePerS}/s`;
  const stages = plan.stages.map(({ durationMs, ratePerS }) => `${formatDurationMs(durationMs)}:${ratePerS}`);
  return (plan.startRatePerS > 0 ? `${plan.startRatePerS}/s, then ` : '') + stages.join(',');
}
