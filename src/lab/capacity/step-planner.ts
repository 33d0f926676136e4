import type { Step } from './step.ts';
import { kneeGain, kneeUsersRatio } from './throughput-models.ts';

export interface Ramp {
  startUsers: number;
  maxUsers: number;
}

/** Why a ramp ended: throughput stopped growing, a threshold broke, the users ran out, or the generator's CPU did. */
export const rampEnds = ['throughput', 'threshold', 'max-users', 'generator'] as const;
export type RampEnd = (typeof rampEnds)[number];

/** What comes next: a level to measure, or the end, with the users just past the limit, where it shows. */
export type NextStep = { kind: 'step'; users: number } | { kind: 'end'; reason: RampEnd; holdUsers: number };

/** What the steps say so far about one number of users: those of a saturated generator are left out. */
type Figures = Pick<Step, 'users' | 'rps' | 'generator' | 'broken'>;

/** Throughput per user of at least this share of that of fewer users is still growth in proportion. */
const linearShare = 0.9;
/** While users grow the throughput in proportion they double. */
const farFactor = 2;
/** A gap between measured levels that is wider than this is filled near the knee: a fifth, and room for whole users. */
const widestGap = kneeUsersRatio * 1.06;
/** The same around a threshold, whose place is the answer itself. */
const widestThresholdGap = 1.1;
/** Other programs of the machine disturb a generator for a while, its own limit always. */
const saturatedTries = 3;
/** Noise of the seconds does not reach this far down. */
const dipShare = 0.85;

/** ln(1.05) / ln(1.2): the growth of the logarithm of throughput by that of users, below which it is none. */
const flatElasticity = Math.log(1 + kneeGain) / Math.log(kneeUsersRatio);

/**
 * Decides from the measured steps alone, in the order they were taken, what comes next; so the reason of a ramp's
 * end can be told again from a recorded run. Users double while throughput follows in proportion, then grow by a
 * fifth until it has failed to grow twice in a row; then what was skipped around the knee is filled in. A level
 * that breaks a threshold twice is closed in on from both sides. One bad step is never the end: the level is measured again.
 */
export function planNext(steps: readonly Figures[], { startUsers, maxUsers }: Ramp): NextStep {
  const last = steps.at(-1);
  if (last === undefined) return { kind: 'step', users: startUsers };
  if (last.generator === 'saturated') {
    const tries = steps.slice(-saturatedTries);
    const always = tries.every(({ users, generator }) => users === last.users && generator === 'saturated');
    return always && tries.length === saturatedTries
      ? { kind: 'end', reason: 'generator', holdUsers: last.users }
      : { kind: 'step', users: last.users };
  }
  const curve = curveOf(steps);
  return (
    closeInOnThreshold(steps, curve) ??
    measureDipAgain(steps, curve) ??
    fillKnee(curve) ??
    growFurther(curve, maxUsers) ?? { kind: 'end', reason: 'max-users', holdUsers: last.users }
  );
}

/** The figures that count, by users, one each: the last that was taken. */
export function curveOf<F extends Figures>(steps: readonly F[]): F[] {
  const byUsers = new Map<number, F>();
  for (const step of steps) if (step.generator !== 'saturated') byUsers.set(step.users, step);
  return [...byUsers.values()].toSorted((a, b) => a.users - b.users);
}

/** The first of the levels from which on throughput no longer grew, twice in a row at the end; undefined before that. */
export function firstFlat<F extends Figures>(curve: readonly F[]): F | undefined {
  let first = curve.length;
  while (first > 1 && isFlat(curve[first - 2], curve[first - 1])) first -= 1;
  return curve.length - first >= 2 ? curve[first - 1] : undefined;
}

/** The last level up to which throughput grew in proportion to users. */
function lastLinear<F extends Figures>(curve: readonly F[]): F | undefined {
  let last = curve[0];
  for (const [index, level] of curve.entries()) {
    if (index > 0 && !isLinear(curve.slice(0, index), level)) break;
    last = level;
  }
  return last;
}

function closeInOnThreshold(steps: readonly Figures[], curve: readonly Figures[]): NextStep | undefined {
  const broken = curve.find((level) => level.broken.length > 0);
  if (broken === undefined) return undefined;
  const breaks = steps.filter(
    (step) => step.users === broken.users && step.broken.length > 0 && step.generator !== 'saturated',
  );
  if (breaks.length === 1) return { kind: 'step', users: broken.users };
  const kept = curve.filter(({ users }) => users < broken.users).at(-1)?.users;
  if (kept === undefined && broken.users > 1)
    return { kind: 'step', users: Math.max(1, Math.floor(broken.users / farFactor)) };
  if (kept !== undefined && broken.users / kept > widestThresholdGap && broken.users - kept > 1) {
    const between = Math.round(Math.sqrt(kept * broken.users));
    return { kind: 'step', users: Math.min(broken.users - 1, Math.max(kept + 1, between)) };
  }
  return { kind: 'end', reason: 'threshold', holdUsers: broken.users };
}

/** A level that fell far below both of its neighbours was disturbed; it is given one more chance. */
function measureDipAgain(steps: readonly Figures[], curve: readonly Figures[]): NextStep | undefined {
  const dip = curve.find((level, index) => {
    const [fewer, more] = [curve[index - 1], curve[index + 1]];
    if (fewer === undefined || more === undefined) return false;
    return level.rps < dipShare * Math.min(fewer.rps, more.rps);
  });
  if (dip === undefined || steps.filter(({ users }) => users === dip.users).length > 1) return undefined;
  return { kind: 'step', users: dip.users };
}

function fillKnee(curve: readonly Figures[]): NextStep | undefined {
  const flat = firstFlat(curve);
  const linear = lastLinear(curve);
  if (flat === undefined || linear === undefined) return undefined;
  const past = curve.find(({ users }) => users > flat.users) ?? flat;
  for (const [index, { users }] of curve.entries()) {
    const next = curve[index + 1]?.users;
    if (next === undefined || users < Math.min(linear.users, flat.users) || next > past.users) continue;
    if (next / users > widestGap && next - users > 1) {
      const parts = Math.ceil(Math.log(next / users) / Math.log(kneeUsersRatio));
      const within = Math.round(users * (next / users) ** (1 / parts));
      return { kind: 'step', users: Math.min(next - 1, Math.max(users + 1, within)) };
    }
  }
  return { kind: 'end', reason: 'throughput', holdUsers: past.users };
}

function growFurther(curve: readonly Figures[], maxUsers: number): NextStep | undefined {
  const top = curve.at(-1);
  if (top === undefined || top.users >= maxUsers) return undefined;
  const factor = isLinear(curve.slice(0, -1), top) ? farFactor : kneeUsersRatio;
  return { kind: 'step', users: Math.min(maxUsers, Math.max(top.users + 1, Math.round(top.users * factor))) };
}

/** Held against all fewer users together, as the few requests of the first levels alone say little. */
function isLinear(fewer: readonly Figures[], level: Figures): boolean {
  const users = fewer.reduce((sum, each) => sum + each.users, 0);
  const rps = fewer.reduce((sum, each) => sum + each.rps, 0);
  return users === 0 || level.rps / level.users >= linearShare * (rps / users);
}

function isFlat(fewer: Figures | undefined, level: Figures | undefined): boolean {
  if (fewer === undefined || level === undefined) return false;
  if (level.rps <= 0) return true;
  if (fewer.rps <= 0) return false;
  return Math.log(level.rps / fewer.rps) < flatElasticity * Math.log(level.users / fewer.users);
}
