import { fitLeastSquares, type Point, rSquared } from './least-squares.ts';
import { type BoundsModel, throughputAt } from './throughput-models.ts';

/** Two lines want a point more than they have parameters. */
const fewestUserCounts = 3;

/**
 * Fits the asymptotic bounds of a closed network: a line through the origin, then a level. Every place of the corner
 * between two neighbouring numbers of users is tried, since least squares alone can stay on the wrong side of it.
 * Undefined with fewer than three different numbers of users, or while nothing shows a level.
 */
export function fitBounds(points: readonly Point[]): { model: BoundsModel; rSquared: number } | undefined {
  const usable = points.filter(({ users, rps }) => users > 0 && rps > 0);
  const counts = [...new Set(usable.map(({ users }) => users))].toSorted((a, b) => a - b);
  if (counts.length < fewestUserCounts) return undefined;
  const fits = counts.slice(0, -1).map((lastRising) => {
    const rising = usable.filter(({ users }) => users <= lastRising);
    const level = usable.filter(({ users }) => users > lastRising);
    const perUserRps = mean(rising.map(({ users, rps }) => rps / users));
    const maxRps = mean(level.map(({ rps }) => rps));
    const [slope = perUserRps, top = maxRps] = fitLeastSquares(
      usable,
      ([perUser = 0, most = 0], users) => Math.min(perUser * users, most),
      [perUserRps, maxRps],
    );
    const model: BoundsModel = { kind: 'bounds', cycleMs: 1000 / slope, maxRps: top };
    return { model, rSquared: rSquared(usable, (users) => throughputAt(model, users)) };
  });
  const best = fits.reduce((better, fit) => (fit.rSquared > better.rSquared ? fit : better));
  const corner = (best.model.maxRps * best.model.cycleMs) / 1000;
  return corner < (counts.at(-1) ?? 0) ? best : undefined;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
