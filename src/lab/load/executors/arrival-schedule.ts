/** The rate goes in a straight line from that of the stage before to `ratePerS`. */
export interface ArrivalStage {
  durationMs: number;
  ratePerS: number;
}

export type ArrivalPlan =
  | { kind: 'constant-arrival-rate'; ratePerS: number }
  | { kind: 'ramping-arrival-rate'; startRatePerS: number; stages: readonly ArrivalStage[] };

/** Sums of fractions may miss a whole number by this much. */
const rounding = 1e-9;

/** Arrivals from the first moment to the last; Infinity when there is no last one. */
export function countArrivals(plan: ArrivalPlan): number {
  if (plan.kind === 'constant-arrival-rate') return Infinity;
  let from = plan.startRatePerS;
  let arrivals = 0;
  for (const { durationMs, ratePerS } of plan.stages) {
    arrivals += (((from + ratePerS) / 2) * durationMs) / 1000;
    from = ratePerS;
  }
  return Math.ceil(arrivals - rounding);
}

/** How long the stages of a plan last together, in milliseconds; Infinity for one that has none and never ends. */
export function scheduleMs(plan: { kind: string; stages?: readonly { durationMs: number }[] }): number {
  return plan.stages?.reduce((sum, { durationMs }) => sum + durationMs, 0) ?? Infinity;
}

/**
 * When the arrival with this index (from 0) is due, in milliseconds from the beginning; undefined after the last.
 * Arrivals are evenly spread: the integral of the rate is a whole number at each. To be asked in ascending order.
 */
export function arrivalSchedule(plan: ArrivalPlan): (index: number) => number | undefined {
  if (plan.kind === 'constant-arrival-rate') return (index) => (index * 1000) / plan.ratePerS;
  const total = countArrivals(plan);
  let at = 0;
  let from = plan.startRatePerS;
  let beganMs = 0;
  let arrivedBefore = 0;
  return (index) => {
    if (index >= total) return undefined;
    for (;;) {
      const stage = plan.stages[at];
      if (stage === undefined) return beganMs;
      const arrivals = (((from + stage.ratePerS) / 2) * stage.durationMs) / 1000;
      const wanted = index - arrivedBefore;
      if (wanted < arrivals - rounding) {
        return beganMs + timeOf(wanted, from, (stage.ratePerS - from) / (stage.durationMs / 1000)) * 1000;
      }
      at += 1;
      from = stage.ratePerS;
      beganMs += stage.durationMs;
      arrivedBefore += arrivals;
    }
  };
}

/**
 * Seconds t at which `rate·t + slope·t²/2` reaches `arrivals`: the root of the quadratic in the form that loses no
 * digits where the slope is small, and needs no case for a slope of 0.
 */
function timeOf(arrivals: number, rate: number, slope: number): number {
  if (arrivals <= 0) return 0;
  return (2 * arrivals) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * arrivals)));
}
