import { fitLeastSquares, type Point, rSquared } from './least-squares.ts';
import { throughputAt, type UslModel } from './throughput-models.ts';

/** A law with three parameters wants more points than that to be tested by them. */
const fewestUserCounts = 4;

/**
 * Fits the Universal Scalability Law to measured points. The start is Gunther's linearisation,
 * N/X = (1/λ)·(1 + σ(N−1) + κN(N−1)), solved where it is strongest; least squares on the law itself then finds the
 * parameters, with σ and κ at or above zero. Undefined with fewer than four different numbers of users.
 */
export function fitUsl(points: readonly Point[]): { model: UslModel; rSquared: number } | undefined {
  const usable = points.filter(({ users, rps }) => users > 0 && rps > 0);
  if (new Set(usable.map(({ users }) => users)).size < fewestUserCounts) return undefined;
  const perUserRps = Math.max(...usable.map(({ users, rps }) => rps / users));
  const most = usable.reduce((widest, point) => (point.users > widest.users ? point : widest));
  // At the widest point all of what is missing to linear growth is laid to the one, or to the other.
  const missing = Math.max(0, (perUserRps * most.users) / most.rps - 1);
  const starts = [
    [perUserRps, missing / Math.max(1, most.users - 1), 0],
    [perUserRps, 0, missing / Math.max(1, most.users * (most.users - 1))],
    [
      perUserRps,
      missing / 2 / Math.max(1, most.users - 1),
      missing / 2 / Math.max(1, most.users * (most.users - 1)),
    ],
  ];
  const fits = starts.map((start) => {
    const model = modelOf(
      fitLeastSquares(usable, (values, users) => throughputAt(modelOf(values), users), start),
    );
    return { model, rSquared: rSquared(usable, (users) => throughputAt(model, users)) };
  });
  return fits.reduce((best, fit) => (fit.rSquared > best.rSquared ? fit : best));
}

function modelOf([lambdaRps = 0, sigma = 0, kappa = 0]: readonly number[]): UslModel {
  return { kind: 'usl', lambdaRps, sigma, kappa };
}
