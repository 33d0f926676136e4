import {
  columnFilteringFeature,
  columnVisibilityFeature,
  createFilteredRowModel,
  createSortedRowModel,
  filterFn_includesString,
  globalFilteringFeature,
  rowSortingFeature,
  sortFn_basic,
  sortFn_text,
  tableFeatures,
  useTable,
  type ColumnDef,
} from '@tanstack/react-table';
import { useId, useMemo, useState, type ReactNode } from 'react';
import { formatKnown } from '../format/format-value.ts';
import { ColumnPicker } from './column-picker.tsx';
import { useStoredChoice } from './stored-choice.ts';

/** A figure of each request name. */
export interface RequestColumn<Row> {
  title: string;
  /** What the title stands for, where that needs words. */
  says?: string;
  /** Null where it is not known. */
  value: (row: Row) => number | null;
  format: (value: number) => string;
  /** Marks a figure as bad; none when absent. */
  isBad?: (row: Row) => boolean;
  /** Hidden until somebody picks it. */
  isOptional?: boolean;
}

const nameTitle = 'Request';

const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  filteredRowModel: createFilteredRowModel(),
  filterFns: { includesString: filterFn_includesString },
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic, text: sortFn_text },
  columnVisibilityFeature,
});

/**
 * One row per request name, sortable by its headings, and all requests together at the foot. With `remembersAs` its
 * columns can be picked and its rows searched, and the browser keeps the choice under that name.
 */
export function RequestTable<Row extends { name: string }>(props: {
  /** Id of the heading that names the table. */
  labelledBy: string;
  caption: ReactNode;
  columns: readonly RequestColumn<Row>[];
  rows: readonly Row[];
  total: Row;
  /** Title of the column that the rows are sorted by at first, the most first; the name when absent. */
  sortedBy?: string;
  remembersAs?: string;
}): ReactNode {
  const { columns, total, remembersAs } = props;
  const [sorting, setSorting] = useStoredChoice(
    remembersAs && `${remembersAs}-sorting`,
    [{ id: props.sortedBy ?? nameTitle, desc: props.sortedBy !== undefined }],
    isSorting,
  );
  const [shown, setShown] = useStoredChoice(
    remembersAs && `${remembersAs}-columns`,
    Object.fromEntries(columns.map(({ title, isOptional = false }) => [title, !isOptional])),
    isVisibility,
  );
  const [search, setSearch] = useState('');
  const searchId = useId();
  const definitions = useMemo(
    (): ColumnDef<typeof features, Row>[] => [
      { id: nameTitle, accessorFn: ({ name }) => name, sortFn: 'text', enableHiding: false },
      ...columns.map(({ title, value }): ColumnDef<typeof features, Row> => ({
        id: title,
        accessorFn: (row) => value(row) ?? -1,
        sortFn: 'basic',
        sortDescFirst: true,
      })),
    ],
    [columns],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: props.rows,
    getRowId: ({ name }) => name,
    state: { sorting, columnVisibility: shown, globalFilter: search },
    onSortingChange: (change) => setSorting(typeof change === 'function' ? change(sorting) : change),
    onColumnVisibilityChange: (change) => setShown(typeof change === 'function' ? change(shown) : change),
    enableSortingRemoval: false,
    enableMultiSort: false,
    globalFilterFn: 'includesString',
    getColumnCanGlobalFilter: ({ id }) => id === nameTitle,
  });
  const visible = columns.filter(({ title }) => table.getColumn(title)?.getIsVisible() ?? true);
  const rows = table.getRowModel().rows.map(({ original }) => original);
  const line = (row: Row): ReactNode => (
    <tr key={row.name}>
      <th scope="row">{row.name}</th>
      {visible.map(({ title, value, format, isBad }) => (
        <td key={title} className={`number${isBad?.(row) === true ? ' bad' : ''}`}>
          {formatKnown(value(row), format)}
        </td>
      ))}
    </tr>
  );
  const heading = (title: string, says?: string): ReactNode => {
    const column = table.getColumn(title);
    const sorted = column?.getIsSorted() ?? false;
    return (
      <th
        key={title}
        scope="col"
        title={says}
        className={title === nameTitle ? '' : 'number'}
        aria-sort={sorted === false ? 'none' : sorted === 'desc' ? 'descending' : 'ascending'}
      >
        <button type="button" onClick={() => column?.toggleSorting()}>
          {title}
          <span className="sort-mark" aria-hidden="true">
            {sorted === false ? '' : sorted === 'desc' ? '↓' : '↑'}
          </span>
        </button>
      </th>
    );
  };
  return (
    <>
      {remembersAs !== undefined && (
        <div className="table-tools">
          <label className="visually-hidden" htmlFor={searchId}>
            Search requests
          </label>
          <input
            id={searchId}
            type="search"
            placeholder="Search requests"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <ColumnPicker
            columns={columns.map(({ title, says }) => ({
              title,
              says,
              isShown: table.getColumn(title)?.getIsVisible() ?? true,
            }))}
            onToggle={(title) => table.getColumn(title)?.toggleVisibility()}
            onReset={() =>
              setShown(
                Object.fromEntries(columns.map(({ title, isOptional = false }) => [title, !isOptional])),
              )
            }
          />
          <span className="muted" role="status">
            {search !== '' && `${rows.length} of ${props.rows.length} requests`}
          </span>
        </div>
      )}
      <div className="table-scroll" role="region" aria-labelledby={props.labelledBy} tabIndex={0}>
        <table>
          <caption>
            <span>{props.caption}</span>
          </caption>
          <thead>
            <tr>
              {heading(nameTitle)}
              {visible.map(({ title, says }) => heading(title, says))}
            </tr>
          </thead>
          <tbody>{rows.map(line)}</tbody>
          <tfoot>{line(total)}</tfoot>
        </table>
      </div>
    </>
  );
}

function isSorting(kept: unknown): kept is { id: string; desc: boolean }[] {
  return (
    Array.isArray(kept) && kept.every((one) => typeof one?.id === 'string' && typeof one.desc === 'boolean')
  );
}

function isVisibility(kept: unknown): kept is Record<string, boolean> {
  return (
    typeof kept === 'object' && kept !== null && Object.values(kept).every((one) => typeof one === 'boolean')
  );
}
