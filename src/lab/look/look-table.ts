import { maskSecrets } from '../../shared/mask-secrets.ts';
import { oneLine } from '../../shared/one-line.ts';
import { type TableColumn, terminalTable } from '../report/terminal-table.ts';
import { wrapText } from '../report/wrap-text.ts';
import type { LookDocument, LookVerdict } from './look.ts';

/** How wide the terminal is, and whether it shows colours. */
export interface LookLayout {
  columns: number;
  color: boolean;
}

/** A table of a look; an empty one is not shown, unless it says what that means. */
export interface LookTable {
  title: string;
  render: (layout: LookLayout) => string[];
}

export interface LookTableOptions<Row> {
  /** Left out where there is only one table. */
  title?: string;
  rows: readonly Row[];
  /** The first column, which takes the room that is left. */
  name: { title: string; value: (row: Row) => string };
  columns: readonly TableColumn<Row>[];
  /** The least room for names before columns are left out; that of `terminalTable` when absent. */
  nameWidth?: number;
  /** Adds the last column. */
  verdict?: (row: Row) => LookVerdict;
  /** Said below a row, over as many lines as it takes; nothing where it is empty. */
  detail?: (row: Row) => string;
  /** Said instead of a table without rows. */
  empty?: string;
}

const colors: Record<LookVerdict, string> = { ok: '32', warn: '33', fail: '31' };

/** A table of rows, to which the verdicts are added as the last column. */
export function lookTable<Row>(options: LookTableOptions<Row>): LookTable {
  const { title = '', rows, name, columns, nameWidth, verdict, detail, empty } = options;
  const safe = columns.map((column) => ({ ...column, value: (row: Row) => shown(column.value(row)) }));
  const judged =
    verdict === undefined
      ? safe
      : [...safe, { title: 'verdict', value: verdict, expendable: 0, align: 'left' as const }];
  return {
    title,
    render({ columns: width, color }) {
      if (rows.length === 0) return empty === undefined ? [] : wrapText(empty, width);
      const [head = '', ...lines] = terminalTable(
        rows,
        { ...name, value: (row) => shown(name.value(row)) },
        judged,
        width,
        nameWidth,
      );
      return [
        paint(head, '1', color),
        ...lines.flatMap((line, index) => {
          const row = rows[index];
          if (row === undefined) return [line];
          const below = shown(detail?.(row) ?? '');
          return [
            verdict === undefined ? line : withVerdict(line, verdict(row), color),
            ...(below === '' ? [] : wrapText(below, width - 2, '  ').map((part) => `  ${part}`)),
          ];
        }),
      ];
    },
  };
}

/** A whole look as lines: its tables, then what to see in them, then what could not be seen. */
export function renderLook(
  document: LookDocument,
  tables: readonly LookTable[],
  layout: LookLayout,
): string[] {
  const { columns, color } = layout;
  const blocks = tables
    .map(({ title, render }) => ({ title, lines: render(layout) }))
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => (title === '' ? lines : [paint(title, '1', color), ...lines]));
  const remarks = document.remarks.flatMap(({ verdict, text, advice }) => {
    const [first = '', ...rest] = wrapText(`${verdict.padEnd(4)} ${shown(text)}`, columns, '     ');
    const head = `${paint(first.slice(0, 4), colors[verdict], color)}${first.slice(4)}`;
    const hint =
      advice === undefined
        ? []
        : wrapText(`→ ${shown(advice)}`, columns - 5, '  ').map((line) => `     ${line}`);
    return [head, ...rest, ...hint];
  });
  const notes = document.notes.flatMap((note) => wrapText(`not seen: ${shown(note)}`, columns, '  '));
  return [...blocks, remarks, notes]
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function withVerdict(line: string, word: LookVerdict, color: boolean): string {
  return `${line.slice(0, -word.length)}${paint(word, colors[word], color)}`;
}

/** What a source says may hold a secret, or move the cursor. */
function shown(text: string): string {
  return maskSecrets(oneLine(text));
}

function paint(text: string, code: string, color: boolean): string {
  return color && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text;
}
