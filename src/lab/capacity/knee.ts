import { type Interval, bootstrap } from './confidence.ts';
import { mean } from '../diagnose/computed/statistics.ts';
import { fitBounds } from './bounds-fit.ts';
import type { Point } from './least-squares.ts';
import { curveOf, firstFlat } from './step-planner.ts';
import type { Step } from './step.ts';
import { kneeUsers, type ThroughputModel } from './throughput-models.ts';
import { fitUsl } from './usl-fit.ts';

export interface Fit {
  model: ThroughputModel;
  rSquared: number;
}

export interface Knee {
  users: number;
  /** Of 95 in 100 draws of the windows; undefined when the knee was read from the steps alone. */
  interval: Interval | undefined;
  /** The measured levels that it lies between. */
  between: [number, number];
  by: ThroughputModel['kind'] | 'steps';
}

/** Below this a curve does not describe what was measured. */
export const goodRSquared = 0.9;
/** p95 that has grown this much over that of the least contended level says that requests wait. */
const contendedRatio = 2;

/** Every model that can be fitted, the one that describes the points best first. */
export function fitModels(points: readonly Point[]): Fit[] {
  const usl = fitUsl(points);
  const bounds = fitBounds(points);
  // With one parameter less, the bounds win a draw.
  const fits = [...(bounds === undefined ? [] : [bounds]), ...(usl === undefined ? [] : [usl])];
  return fits.toSorted((a, b) => b.rSquared - a.rSquared);
}

/**
 * Where throughput stops growing; undefined while no two levels at the end show it. A model that describes the points
 * says where it is between the levels; without one it is the first level that no further one improved on.
 */
export function findKnee(steps: readonly Step[]): Knee | undefined {
  const curve = curveOf(steps);
  const flat = firstFlat(curve);
  if (flat === undefined) return undefined;
  const best = fitModels(curve)[0];
  const mostUsers = curve.at(-1)?.users ?? 0;
  const users = best === undefined ? null : kneeUsers(best.model, mostUsers);
  if (best === undefined || users === null || best.rSquared < goodRSquared)
    return { users: flat.users, interval: undefined, between: around(flat.users, curve), by: 'steps' };
  const { kind } = best.model;
  const interval = bootstrap(
    curve.map(({ windowsRps }) => windowsRps),
    (drawn) => {
      const points = curve.map((step, index) => ({ users: step.users, rps: mean(drawn[index] ?? []) }));
      const again = kind === 'bounds' ? fitBounds(points) : fitUsl(points);
      return again === undefined ? undefined : (kneeUsers(again.model, mostUsers) ?? undefined);
    },
  );
  return { users, interval, between: around(users, curve), by: kind };
}

/** The measured levels on both sides of a knee. */
function around(knee: number, curve: readonly Step[]): [number, number] {
  const fewer = curve.findLast(({ users }) => users < knee) ?? curve[0];
  const more = curve.find(({ users }) => users > knee) ?? curve.at(-1);
  return [fewer?.users ?? knee, more?.users ?? knee];
}

/** The fewest users from which on p95 is at least twice that of the least contended level; null when there are none. */
export function latencyKnee(steps: readonly Step[]): number | null {
  const levels = curveOf(steps).flatMap(({ users, p95Ms }) => (p95Ms === null ? [] : [{ users, p95Ms }]));
  const uncontendedMs = Math.min(...levels.map(({ p95Ms }) => p95Ms));
  const lastQuick = levels.findLastIndex(({ p95Ms }) => p95Ms < contendedRatio * uncontendedMs);
  return levels[lastQuick + 1]?.users ?? null;
}
