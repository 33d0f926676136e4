/**
 * How throughput grows with users, as two formulas. `users` (N) is how many there are, X the requests that succeed
 * per second.
 */
export type ThroughputModel = UslModel | BoundsModel;

/**
 * Universal Scalability Law (Gunther, Guerrilla Capacity Planning, 2007, chapter 4):
 * X(N) = λN / (1 + σ(N−1) + κN(N−1)).
 */
export interface UslModel {
  kind: 'usl';
  /** λ: requests per second of the first user. */
  lambdaRps: number;
  /** σ, 0..: the share of the work that only one user at a time can have done (contention). */
  sigma: number;
  /** κ, 0..: what each pair of users costs the others (coherency); above 0 throughput falls again. */
  kappa: number;
}

/**
 * Asymptotic bounds of a closed network (Denning and Buzen, The Operational Analysis of Queueing Network Models,
 * ACM Computing Surveys 10(3), 1978): X(N) = min(N / (R₀ + Z), Xmax).
 */
export interface BoundsModel {
  kind: 'bounds';
  /** R₀ + Z: how long a user takes from request to request while nobody waits for another. */
  cycleMs: number;
  maxRps: number;
}

/** Requests per second that a model expects of `users`. */
export function throughputAt(model: ThroughputModel, users: number): number {
  if (model.kind === 'bounds') return Math.min((users * 1000) / model.cycleMs, model.maxRps);
  const { lambdaRps, sigma, kappa } = model;
  return (lambdaRps * users) / (1 + sigma * (users - 1) + kappa * users * (users - 1));
}

/** Where the USL has its maximum, N* = √((1 − σ) / κ); null when it has none (κ = 0), or only below one user. */
export function peakUsers({ sigma, kappa }: UslModel): number | null {
  if (kappa <= 0 || sigma >= 1) return null;
  const users = Math.sqrt((1 - sigma) / kappa);
  return users >= 1 ? users : null;
}

/** Less than this much more throughput for {@link kneeUsersRatio} times the users is no growth. */
export const kneeGain = 0.05;
export const kneeUsersRatio = 1.2;
const searchStep = 1.005;

/**
 * Users at the knee of a model: where a fifth more of them give less than 5 % more throughput. Of the bounds it is
 * the corner, N* = Xmax·(R₀ + Z). Null when there is none up to `mostUsers`.
 */
export function kneeUsers(model: ThroughputModel, mostUsers: number): number | null {
  if (model.kind === 'bounds') {
    const corner = (model.maxRps * model.cycleMs) / 1000;
    return corner <= mostUsers ? corner : null;
  }
  for (let users = 1; users <= mostUsers; users *= searchStep) {
    if (throughputAt(model, users * kneeUsersRatio) < throughputAt(model, users) * (1 + kneeGain))
      return users;
  }
  return null;
}

/** A model as a person writes it, e.g. `X(N) = 9.8·N / (1 + 0.02·(N−1) + 0.0001·N·(N−1))`. */
export function describeModel(model: ThroughputModel): string {
  return model.kind === 'usl'
    ? `X(N) = ${short(model.lambdaRps)}·N / (1 + ${short(model.sigma)}·(N−1) + ${short(model.kappa)}·N·(N−1))`
    : `X(N) = min(N / ${short(model.cycleMs)} ms, ${short(model.maxRps)}/s)`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
