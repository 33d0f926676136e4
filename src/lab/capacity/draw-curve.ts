export interface CurveDrawing {
  points: readonly { users: number; rps: number }[];
  /** The fitted throughput; without it only the points are drawn. */
  fitted: ((users: number) => number) | undefined;
  knee: number | undefined;
  columns: number;
}

export interface CurveCell {
  text: string;
  /** What the cell shows, so that the caller can colour it. */
  kind: 'plain' | 'fit' | 'knee' | 'point';
}

const rows = 14;
const gutter = 9;

/**
 * Throughput against users as characters: `●` measured, `·` fitted, `┊` the knee. Lines of cells, none wider than
 * `columns`. Pure.
 */
export function drawCurve({ points, fitted, knee, columns }: CurveDrawing): CurveCell[][] {
  const width = Math.max(20, columns - gutter - 2);
  const mostUsers = Math.max(1, ...points.map(({ users }) => users));
  const { top, step } = scaleOf(Math.max(0, ...points.map(({ rps }) => rps)));
  const column = (users: number): number => Math.round((users / mostUsers) * (width - 1));
  const row = (rps: number): number => rows - 1 - Math.round((Math.min(rps, top) / top) * (rows - 1));
  const cells: CurveCell[][] = Array.from({ length: rows }, () =>
    Array.from({ length: width }, () => ({ text: ' ', kind: 'plain' })),
  );
  const put = (x: number, y: number, cell: CurveCell): void => {
    const line = cells[y];
    if (line !== undefined && x >= 0 && x < width) line[x] = cell;
  };
  if (knee !== undefined) {
    for (let y = 0; y < rows; y += 1) put(column(knee), y, { text: '┊', kind: 'knee' });
  }
  if (fitted !== undefined) {
    for (let x = 0; x < width; x += 1) {
      put(x, row(fitted((x / (width - 1)) * mostUsers)), { text: '·', kind: 'fit' });
    }
  }
  for (const { users, rps } of points) put(column(users), row(rps), { text: '●', kind: 'point' });
  const ticks = new Map<number, string>();
  for (let value = 0; value <= top; value += step) ticks.set(row(value), short(value));
  return [
    [{ text: 'req/s'.padStart(gutter - 1), kind: 'plain' }],
    ...cells.map((line, y): CurveCell[] => [
      { text: `${(ticks.get(y) ?? '').padStart(gutter - 2)} ${ticks.has(y) ? '┤' : '│'}`, kind: 'plain' },
      ...line,
    ]),
    [{ text: `${' '.repeat(gutter - 1)}└${'─'.repeat(width)}`, kind: 'plain' }],
    [{ text: ' '.repeat(gutter) + userAxis(width, mostUsers, knee, column), kind: 'plain' }],
  ];
}

/** Some room above the highest figure; ticks are 1, 2 or 5 times a power of ten apart, about five of them. */
function scaleOf(most: number): { top: number; step: number } {
  if (most <= 0) return { top: 1, step: 1 };
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return { top: most * 1.05, step };
}

/** Users at both ends, and at the knee or else in the middle where that has room. */
function userAxis(
  width: number,
  mostUsers: number,
  knee: number | undefined,
  column: (users: number) => number,
): string {
  const end = mostUsers === 1 ? '1 user' : `${short(mostUsers)} users`;
  const middle = knee === undefined ? short(mostUsers / 2) : `knee ${short(knee)}`;
  const axis = `0${end.padStart(width - 1)}`;
  const from = Math.round(column(knee ?? mostUsers / 2) - middle.length / 2);
  const to = from + middle.length;
  return from < 2 || to > width - end.length - 1 ? axis : axis.slice(0, from) + middle + axis.slice(to);
}

function short(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
