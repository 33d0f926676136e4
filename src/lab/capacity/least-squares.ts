/** A measured point: users, and the requests per second that succeeded. */
export interface Point {
  users: number;
  rps: number;
}

const rounds = 200;
/** Relative change of the error below which a fit has ended. */
const settled = 1e-12;

/**
 * Fits `predict(parameters, users)` to points by least squares of relative residuals (so that the few small figures
 * of the first steps weigh as much as the large ones), with every parameter kept at or above zero: Levenberg's and
 * Marquardt's damped Gauss-Newton (Marquardt, SIAM J. Appl. Math. 11(2), 1963), derivatives by differences. Returns
 * the parameters; `start` itself when nothing is better.
 */
export function fitLeastSquares(
  points: readonly Point[],
  predict: (parameters: readonly number[], users: number) => number,
  start: readonly number[],
): number[] {
  const residuals = (parameters: readonly number[]): number[] =>
    points.map(({ users, rps }) => (predict(parameters, users) - rps) / Math.max(rps, Number.MIN_VALUE));
  let best = [...start];
  let error = sumOfSquares(residuals(best));
  let damping = 1e-3;
  for (let round = 0; round < rounds && error > 0; round += 1) {
    const base = residuals(best);
    const columns = best.map((value, index) => {
      const delta = Math.max(Math.abs(value) * 1e-6, 1e-9);
      const moved = residuals(best.with(index, value + delta));
      return moved.map((residual, at) => (residual - (base[at] ?? 0)) / delta);
    });
    const step = solve(
      columns.map((row, i) =>
        columns.map((column, j) => dot(row, column) * (i === j ? 1 + damping : 1) + (i === j ? 1e-18 : 0)),
      ),
      columns.map((column) => -dot(column, base)),
    );
    const tried = best.map((value, index) => Math.max(0, value + (step[index] ?? 0)));
    const triedError = sumOfSquares(residuals(tried));
    if (triedError < error) {
      const gained = (error - triedError) / error;
      best = tried;
      error = triedError;
      damping = Math.max(damping / 10, 1e-12);
      if (gained < settled) break;
    } else {
      damping *= 10;
      if (damping > 1e12) break;
    }
  }
  return best;
}

/** R², the share of the variance of the throughput that a curve explains; 0 or below when it explains nothing. */
export function rSquared(points: readonly Point[], predict: (users: number) => number): number {
  const mean = points.reduce((sum, { rps }) => sum + rps, 0) / points.length;
  const total = sumOfSquares(points.map(({ rps }) => rps - mean));
  const left = sumOfSquares(points.map(({ users, rps }) => predict(users) - rps));
  return total === 0 ? 0 : 1 - left / total;
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

/** Solves a small system of linear equations by elimination with pivots; a singular one moves nowhere. */
function solve(matrix: readonly number[][], right: readonly number[]): number[] {
  const size = right.length;
  const rows = matrix.map((row, index) => [...row, right[index] ?? 0]);
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row;
    }
    const pivotRow = rows[pivot];
    const divisor = pivotRow?.[column] ?? 0;
    if (pivotRow === undefined || divisor === 0) return right.map(() => 0);
    rows[pivot] = rows[column] ?? [];
    rows[column] = pivotRow;
    for (let row = 0; row < size; row += 1) {
      const target = rows[row];
      if (row === column || target === undefined) continue;
      const factor = (target[column] ?? 0) / divisor;
      rows[row] = target.map((value, index) => value - factor * (pivotRow[index] ?? 0));
    }
  }
  return rows.map((row, index) => (row[size] ?? 0) / (row[index] ?? 1));
}
