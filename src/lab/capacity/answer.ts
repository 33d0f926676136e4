import { mean } from '../diagnose/computed/statistics.ts';
import { bootstrap, type Interval } from './confidence.ts';
import { type Fit, findKnee, fitModels, type Knee, latencyKnee } from './knee.ts';
import { curveOf, planNext, type Ramp, type RampEnd } from './step-planner.ts';
import type { Step } from './step.ts';

/** Levels this near to the best are the same but for noise; their mean is not drawn upwards by luck, as a maximum is. */
const plateauShare = 0.95;

export interface Answer {
  /** Requests per second that the stack sustains. */
  rps: number;
  interval: Interval | undefined;
  /** A measured level that reached `rps`: of those the fewest users past a knee, the most where none was seen. */
  users: number;
  /** The stack did not reach its limit. */
  atLeast: boolean;
}

export interface RampResult {
  ended: RampEnd | 'interrupted';
  answer: Answer | undefined;
  /** The step that thresholds are held against: the one of the answer with the fewest users, or the lowest of all. */
  judged: Step | undefined;
  knee: Knee | undefined;
  latencyKneeUsers: number | null;
  fits: Fit[];
}

/** What the steps of a ramp, and the hold after it, say about the stack. Pure. */
export function concludeRamp(steps: readonly Step[], hold: Step | undefined, ramp: Ramp): RampResult {
  const next = planNext(steps, ramp);
  const ended = next.kind === 'end' ? next.reason : 'interrupted';
  const all = hold === undefined ? steps : [...steps, hold];
  const curve = curveOf(all);
  const firstBroken = curve.find(({ broken }) => broken.length > 0)?.users ?? Infinity;
  const kept = curve.filter(({ users }) => users < firstBroken);
  const best = Math.max(...kept.map(({ rps }) => rps));
  const plateau = kept.filter(({ rps }) => rps >= plateauShare * best);
  // A hold that other programs disturbed must not hide what the ramp ended with.
  const knee = findKnee(all) ?? findKnee(steps);
  const rps = mean(plateau.flatMap(({ windowsRps }) => windowsRps));
  const interval = bootstrap(
    plateau.map(({ windowsRps }) => windowsRps),
    (drawn) => mean(drawn.flat()),
  );
  const enough = Math.min(interval?.low ?? rps, best);
  const reaching = plateau.filter((each) => each.rps >= enough);
  const pastKnee = knee !== undefined && (kept.at(-1)?.users ?? 0) > knee.users;
  const level = pastKnee ? reaching[0] : reaching.at(-1);
  return {
    ended,
    answer:
      level === undefined
        ? undefined
        : { rps, interval, users: level.users, atLeast: knee === undefined && firstBroken === Infinity },
    judged: plateau[0] ?? curve[0] ?? steps[0],
    knee,
    latencyKneeUsers: latencyKnee(all),
    fits: fitModels(curve),
  };
}
