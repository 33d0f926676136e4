import { formatKnown } from '../format/format-value.ts';
import { useState, type ReactNode } from 'react';

/** A figure of each request name. */
export interface RequestColumn<Row> {
  title: string;
  /** Null where it is not known. */
  value: (row: Row) => number | null;
  format: (value: number) => string;
  /** Marks a figure as bad; none when absent. */
  isBad?: (row: Row) => boolean;
}

const nameTitle = 'Request';

/** One row per request name, sortable by its headings, and all requests together at the foot. */
export function RequestTable<Row extends { name: string }>(props: {
  /** Id of the heading that names the table. */
  labelledBy: string;
  caption: ReactNode;
  columns: readonly RequestColumn<Row>[];
  rows: readonly Row[];
  total: Row;
  /** Title of the column that the rows are sorted by at first, the most first; the name when absent. */
  sortedBy?: string;
}): ReactNode {
  const { columns, total } = props;
  const [sort, setSort] = useState({ by: props.sortedBy ?? nameTitle, down: props.sortedBy !== undefined });
  const figure = columns.find(({ title }) => title === sort.by);
  const rows = props.rows.toSorted((a, b) => compare(a, b, figure) * (sort.down ? -1 : 1));
  const heading = (title: string): ReactNode => (
    <th
      key={title}
      className={title === nameTitle ? '' : 'number'}
      aria-sort={sort.by !== title ? 'none' : sort.down ? 'descending' : 'ascending'}
    >
      <button
        type="button"
        onClick={() => setSort({ by: title, down: sort.by === title ? !sort.down : title !== nameTitle })}
      >
        {title}
        <span aria-hidden="true">{sort.by !== title ? '' : sort.down ? ' ↓' : ' ↑'}</span>
      </button>
    </th>
  );
  const line = (row: Row): ReactNode => (
    <tr key={row.name}>
      <th scope="row">{row.name}</th>
      {columns.map(({ title, value, format, isBad }) => (
        <td key={title} className={`number${isBad?.(row) === true ? ' bad' : ''}`}>
          {formatKnown(value(row), format)}
        </td>
      ))}
    </tr>
  );
  return (
    <div className="table-scroll" role="region" aria-labelledby={props.labelledBy} tabIndex={0}>
      <table>
        <caption>{props.caption}</caption>
        <thead>
          <tr>
            {heading(nameTitle)}
            {columns.map(({ title }) => heading(title))}
          </tr>
        </thead>
        <tbody>{rows.map(line)}</tbody>
        <tfoot>{line(total)}</tfoot>
      </table>
    </div>
  );
}

/** By a figure, or by name without one. */
function compare<Row extends { name: string }>(
  a: Row,
  b: Row,
  figure: RequestColumn<Row> | undefined,
): number {
  return figure === undefined
    ? a.name.localeCompare(b.name)
    : (figure.value(a) ?? -1) - (figure.value(b) ?? -1);
}
