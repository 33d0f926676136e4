import { useMemo, useState, type ReactNode } from 'react';
import { formatNumber, formatShare } from '../format/format-value.ts';
import { placeLabel } from './call-tree.ts';
import { formatWeight } from './describe-frame.ts';
import { classNames, kindNames } from './flame-colors.ts';
import type { FlameTree } from './flame-tree.ts';
import { functionTimes, marksInWords, type FunctionTime } from './function-times.ts';

const firstRows = 25;

interface Column {
  key: string;
  title: string;
  isNumber: boolean;
  valueOf: (row: FunctionTime) => number | string;
}

const nameColumns: readonly Column[] = [
  { key: 'name', title: 'Function', isNumber: false, valueOf: ({ frame }) => frame.name },
  { key: 'kind', title: 'Code', isNumber: false, valueOf: ({ kind }) => kindNames[kind] },
  { key: 'work', title: 'Work', isNumber: false, valueOf: ({ work }) => classNames[work] },
  { key: 'place', title: 'Place', isNumber: false, valueOf: ({ frame }) => placeLabel(frame) },
];
const weightColumns: readonly Column[] = [
  { key: 'self', title: 'Self', isNumber: true, valueOf: ({ self }) => self },
  { key: 'total', title: 'Total', isNumber: true, valueOf: ({ total }) => total },
];
const changeColumns: readonly Column[] = [
  { key: 'self', title: 'Self, points', isNumber: true, valueOf: selfChange },
  { key: 'selfShares', title: 'Self', isNumber: true, valueOf: ({ self }) => self },
  { key: 'total', title: 'Total, points', isNumber: true, valueOf: totalChange },
  { key: 'totalShares', title: 'Total', isNumber: true, valueOf: ({ total }) => total },
];

function selfChange({ self, before }: FunctionTime): number {
  return 2 * (self - (before?.self ?? self));
}

function totalChange({ total, before }: FunctionTime): number {
  return 2 * (total - (before?.total ?? total));
}

/** Where the weight goes by function: the graph as a table, or what changed by function. */
export function FunctionTable({
  tree,
  shows,
  onChoose,
}: {
  tree: FlameTree;
  /** Which are shown; null for all. */
  shows: ((row: FunctionTime) => boolean) | null;
  onChoose: (row: FunctionTime) => void;
}): ReactNode {
  const isDiff = tree.before !== null;
  const columns = useMemo(() => [...(isDiff ? changeColumns : weightColumns), ...nameColumns], [isDiff]);
  const [sort, setSort] = useState({ key: 'self', isDescending: true });
  const [rowLimit, setRowLimit] = useState(firstRows);
  const times = useMemo(() => functionTimes(tree), [tree]);
  const rows = useMemo(() => {
    const column = columns.find(({ key }) => key === sort.key) ?? columns[0];
    const shown = shows ? times.filter(shows) : times;
    const sign = sort.isDescending ? -1 : 1;
    const isByChange = isDiff && (sort.key === 'self' || sort.key === 'total');
    return column === undefined
      ? shown
      : shown.toSorted((a, b) => sign * compare(column.valueOf(a), column.valueOf(b), isByChange));
  }, [columns, times, shows, sort, isDiff]);

  return (
    <>
      <div className="table-scroll">
        <table className="function-table">
          <caption>
            {isDiff
              ? 'What changed by function: shares of the whole before → after, the largest change first.'
              : 'Functions, shares of the whole that is shown.'}
          </caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <SortHeading key={column.key} column={column} sort={sort} onSort={setSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, rowLimit).map((row) => (
              <tr key={row.fn}>
                {isDiff ? <ChangeCells row={row} /> : <WeightCells row={row} tree={tree} />}
                <th scope="row">
                  <button
                    type="button"
                    className="plain-button"
                    title="Show its callers and callees"
                    onClick={() => onChoose(row)}
                  >
                    {row.frame.name}
                  </button>
                  {row.frame.marks !== undefined && (
                    <span className="function-marks">{marksInWords(row.frame.marks)}</span>
                  )}
                </th>
                <td>{kindNames[row.kind]}</td>
                <td>{classNames[row.work]}</td>
                <td className="place" title={row.frame.file}>
                  {placeLabel(row.frame)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && <p className="muted">No function is shown.</p>}
      {rows.length > rowLimit && (
        <button type="button" className="more" onClick={() => setRowLimit(rowLimit + 4 * firstRows)}>
          {formatNumber(rows.length - rowLimit)} more
        </button>
      )}
    </>
  );
}

function compare(a: number | string, b: number | string, byMagnitude: boolean): number {
  if (typeof a === 'string' || typeof b === 'string') return String(a) < String(b) ? -1 : Number(a !== b);
  return byMagnitude ? Math.abs(a) - Math.abs(b) : a - b;
}

interface Sort {
  key: string;
  isDescending: boolean;
}

function SortHeading({
  column,
  sort,
  onSort,
}: {
  column: Column;
  sort: Sort;
  onSort: (sort: Sort) => void;
}): ReactNode {
  const isSorted = sort.key === column.key;
  const direction = sort.isDescending ? 'descending' : 'ascending';
  return (
    <th className={column.isNumber ? 'number' : column.key} aria-sort={isSorted ? direction : 'none'}>
      <button
        type="button"
        onClick={() =>
          onSort({ key: column.key, isDescending: isSorted ? !sort.isDescending : column.isNumber })
        }
      >
        {column.title}
        <span aria-hidden="true">{isSorted ? (sort.isDescending ? ' ↓' : ' ↑') : ''}</span>
      </button>
    </th>
  );
}

function WeightCells({ row, tree }: { row: FunctionTime; tree: FlameTree }): ReactNode {
  const whole = Math.max(Number.MIN_VALUE, tree.total[0] ?? 0);
  return [row.self, row.total].map((weight, column) => (
    <td key={column === 0 ? 'self' : 'total'} className="number" title={formatWeight(weight, tree.unit)}>
      {formatShare(weight / whole)}
    </td>
  ));
}

function ChangeCells({ row }: { row: FunctionTime }): ReactNode {
  const { before } = row;
  if (before === null) return null;
  return (
    <>
      <td className="number">{points(selfChange(row))}</td>
      <td className="number muted">{shares(before.self, row.self)}</td>
      <td className="number">{points(totalChange(row))}</td>
      <td className="number muted">{shares(before.total, row.total)}</td>
    </>
  );
}

function points(change: number): string {
  const text = (Math.abs(change) * 100).toFixed(2);
  if (text === '0.00') return '0';
  return change > 0 ? `▲ +${text}` : `▼ −${text}`;
}

function shares(before: number, mean: number): string {
  return `${formatShare(before)} → ${formatShare(Math.max(0, 2 * mean - before))}`;
}
