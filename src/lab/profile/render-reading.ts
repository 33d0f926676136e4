import { oneLine } from '../../shared/one-line.ts';
import { percent } from '../diagnose/computed/figures.ts';
import { formatBytes, formatTimeMs } from '../look/quantity.ts';
import { terminalTable } from '../report/terminal-table.ts';
import { wrapText } from '../report/wrap-text.ts';
import { frameClassWords } from './frame-class.ts';
import type { FrameKind } from './frame-kind.ts';
import type { FlameReading } from './read-flame.ts';

const kindWords: Record<FrameKind, string> = {
  own: 'own code',
  dependency: 'dependencies',
  runtime: 'runtime and system',
  gc: 'garbage collection',
  waiting: 'waiting',
};
const mostRemarks = 8;
const mostPackages = 5;
const barWidth = 24;
/** What is less is left out of a list of shares. */
const leastShown = 0.005;

/** A reading as lines that fit `columns`. Names are the profiled program's: nothing in them reaches the terminal as a control. */
export function readingLines(
  reading: FlameReading,
  { columns, color }: { columns: number; color: boolean },
): string[] {
  const weight = (value: number): string =>
    reading.unit === 'bytes' ? formatBytes(value) : formatTimeMs(value / 1000);
  const head = (text: string): string => (color ? `\u001b[1m${text}\u001b[0m` : text);
  const { sampled } = reading;
  const summary =
    reading.unit === 'bytes'
      ? `${weight(reading.busy)} allocated`
      : `busy ${weight(reading.busy)} of ${weight(reading.total)}`;
  const precision = sampled === null ? '' : `, ${sampled.count} samples, shares ± ${percent(sampled.margin)}`;
  const shares = [
    {
      title: 'kind of work',
      rows: reading.classes.map((row) => ({ ...row, name: frameClassWords[row.class] })),
    },
    { title: 'whose code', rows: reading.kinds.map((row) => ({ ...row, name: kindWords[row.kind] })) },
  ];
  const nameWidth = Math.max(...shares.flatMap(({ rows }) => rows.map(({ name }) => name.length)), 12);
  const remarks = reading.remarks
    .slice(0, mostRemarks)
    .flatMap(({ text, advice }) => [
      ...wrapText(`• ${oneLine(text)}`, columns, '  '),
      ...(advice === undefined
        ? []
        : wrapText(`→ ${oneLine(advice)}`, columns - 2, '  ').map((line) => `  ${line}`)),
    ]);
  if (reading.busy === 0) return [...wrapText(summary, columns), '', ...remarks];
  return [
    ...wrapText(`${summary}${precision}`, columns),
    ...shares.flatMap(({ title, rows }) => [
      '',
      head(title),
      ...rows
        .filter(({ share }) => share >= leastShown)
        .map(({ name, share }) =>
          `  ${name.padEnd(nameWidth)}  ${percent(share).padStart(5)}  ${bar(share)}`.trimEnd(),
        ),
    ]),
    ...packageLines(reading, columns),
    ...wideLines(reading, columns, head),
    '',
    head('what to look at'),
    ...remarks,
  ];
}

function bar(share: number): string {
  return '█'.repeat(Math.round(share * barWidth));
}

function packageLines({ packages }: FlameReading, columns: number): string[] {
  const shown = packages.filter(({ selfShare }) => selfShare >= leastShown).slice(0, mostPackages);
  if (shown.length === 0) return [];
  const text = oneLine(shown.map(({ name, selfShare }) => `${name} ${percent(selfShare)}`).join(', '));
  return wrapText(`of dependencies: ${text}`, columns - 2, '  ').map((line) => `  ${line}`);
}

function wideLines(reading: FlameReading, columns: number, head: (text: string) => string): string[] {
  if (reading.wide.length === 0) return [];
  const [title = '', ...rows] = terminalTable(
    reading.wide,
    {
      title: 'wide functions',
      value: ({ label, calledBy }) => oneLine(calledBy === null ? label : `${label} ← ${calledBy.label}`),
    },
    [
      { title: '%own', value: ({ selfShare }) => percent(selfShare), expendable: 0 },
      { title: '%total', value: ({ totalShare }) => percent(totalShare), expendable: 0 },
      {
        title: 'kind of work',
        value: ({ class: name }) => frameClassWords[name],
        expendable: 1,
        align: 'left',
      },
    ],
    columns,
  );
  return ['', head(title), ...rows];
}
