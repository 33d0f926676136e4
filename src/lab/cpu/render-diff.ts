import { lookTable, type LookLayout } from '../look/look-table.ts';
import type { FunctionDiff } from '../profile/diff-functions.ts';
import { shortFrameLabel } from '../profile/frame-kind.ts';
import { wrapText } from '../report/wrap-text.ts';

export interface DiffDocument {
  command: 'cpu diff';
  /** `busy` is what did not wait, in the unit. */
  before: { title: string; busy: number };
  after: { title: string; busy: number };
  unit: 'microseconds' | 'bytes';
  /** Shares are of 1 of what did not wait. */
  functions: FunctionDiff[];
  /** Of 1, what a change may be by chance, since the samples are no more; null where a profile does not tell how many. */
  margin: number | null;
  /** Functions with a change of own or total share, of which `functions` are the first. */
  changed: number;
}

/** A change that is shown as nothing in tenths of a point. */
export const leastChange = 0.0005;

/** The difference of two profiles as a table that fits the terminal. */
export function renderDiff(document: DiffDocument, layout: LookLayout): string[] {
  const { before, after, functions, changed } = document;
  const table = lookTable({
    rows: functions,
    name: { title: 'function', value: ({ frame }) => shortFrameLabel(frame) },
    columns: [
      { title: 'change', value: (row) => points(row.selfAfter - row.selfBefore), expendable: 0 },
      { title: '%own', value: (row) => both(row.selfBefore, row.selfAfter), expendable: 0 },
      { title: '%total', value: (row) => both(row.totalBefore, row.totalAfter), expendable: 1 },
    ],
    nameWidth: 24,
    empty: 'No function takes another share than before.',
  });
  const head = [
    ...wrapText(`before: ${before.title} (${weight(before.busy, document.unit)})`, layout.columns, '  '),
    ...wrapText(`after:  ${after.title} (${weight(after.busy, document.unit)})`, layout.columns, '  '),
    ...wrapText('Shares of what did not wait; change in points of the own share.', layout.columns, '  '),
    ...(document.margin === null
      ? []
      : wrapText(
          `Changes below ${(document.margin * 100).toFixed(0)} points may be chance: there are no more samples.`,
          layout.columns,
          '  ',
        )),
  ];
  const lines = table.render(layout).map((line, index) => {
    const row = functions[index - 1];
    return row === undefined || !layout.color ? line : paint(line, row.selfAfter - row.selfBefore);
  });
  const more = changed - functions.length;
  return [...head, '', ...lines, ...(more > 0 ? [`… ${more} more, with --top`] : [])];
}

/** What grew is red, what shrank green. */
function paint(line: string, change: number): string {
  if (Math.abs(change) < leastChange) return line;
  return `\u001b[${change > 0 ? 31 : 32}m${line}\u001b[0m`;
}

function points(change: number): string {
  const text = (Math.abs(change) * 100).toFixed(1);
  if (text === '0.0') return text;
  return `${change > 0 ? '+' : '-'}${text}`;
}

const both = (before: number, after: number): string =>
  `${(before * 100).toFixed(1)} → ${(after * 100).toFixed(1).padStart(4)}`;

function weight(of: number, unit: DiffDocument['unit']): string {
  return unit === 'bytes' ? `${(of / 1024 ** 2).toFixed(1)} MiB` : `${(of / 1e6).toFixed(2)} s`;
}
