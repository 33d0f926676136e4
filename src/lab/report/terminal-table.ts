export interface TableColumn<Row> {
  title: string;
  value: (row: Row) => string;
  /** Columns with the highest number are left out first when the terminal is narrow; 0 always stays. */
  expendable: number;
  /** Figures are aligned to the right, words may be to the left. */
  align?: 'left';
}

const gap = '  ';
const usualNameWidth = 32;

/**
 * Lines of a table that fits `columns`: the first column takes what is left and is cut with `…`, the others
 * are aligned to the right unless they say otherwise; expendable ones go when the names would get too little room.
 */
export function terminalTable<Row>(
  rows: readonly Row[],
  name: { title: string; value: (row: Row) => string },
  all: readonly TableColumn<Row>[],
  columns: number,
  wantedNameWidth = usualNameWidth,
): string[] {
  const widest = Math.max(name.title.length, ...rows.map((row) => name.value(row).length));
  let shown = [...all];
  const widthOf = (column: TableColumn<Row>): number =>
    Math.max(column.title.length, ...rows.map((row) => column.value(row).length));
  const left = (): number => columns - shown.reduce((sum, column) => sum + gap.length + widthOf(column), 0);
  while (left() < Math.min(widest, wantedNameWidth)) {
    const least = shown.toSorted((a, b) => b.expendable - a.expendable)[0];
    if (!least || least.expendable === 0) break;
    shown = shown.filter((column) => column !== least);
  }
  const nameWidth = Math.max(1, Math.min(widest, left()));
  const line = (title: string, cells: string[]): string =>
    [
      cut(title, nameWidth).padEnd(nameWidth),
      ...cells.map((cell, index) => {
        const column = shown[index];
        const width = column ? widthOf(column) : 0;
        return column?.align === 'left' ? cell.padEnd(width) : cell.padStart(width);
      }),
    ]
      .join(gap)
      .trimEnd();
  return [
    line(
      name.title,
      shown.map((column) => column.title),
    ),
    ...rows.map((row) =>
      line(
        name.value(row),
        shown.map((column) => column.value(row)),
      ),
    ),
  ];
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
