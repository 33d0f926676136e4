import { formatBytes, formatTimeMs } from '../look/quantity.ts';
import { type LookLayout, type LookTable, lookTable } from '../look/look-table.ts';
import type { TableColumn } from '../report/terminal-table.ts';
import { wrapText } from '../report/wrap-text.ts';
import { functionLine, functionTitle } from './function-line.ts';
import type { TopDocument, TopProcess } from './top-document.ts';
import type { TopView } from './top-view.ts';
import { waitedLine } from './waited-line.ts';

const keys = '1-4 sort  r reset  f freeze  p next process  m merged  t threads  h help  q quit';
const help = [
  '1 %Own  2 %Total  3 OwnTime  4 TotalTime: what the table is sorted by.',
  '%Own and %Total are of the time since the last refresh: a function by itself,',
  'and with what it called. OwnTime and TotalTime are sums since the start or r.',
  'p shows one process after the other, m all added up, t splits them into threads.',
];

/** A refresh of `cpu top` as lines of at most `layout.columns`; `view` where somebody looks at it and can press keys. */
export function renderTop(document: TopDocument, layout: LookLayout, view?: TopView): string[] {
  const { columns, color } = layout;
  const head = `${document.shown}, ${document.rateHz} Hz, ${formatTimeMs(document.windowMs)}`;
  const state = view?.frozen === true ? `${head}  FROZEN (f goes on)` : head;
  return [
    ...processTable(document.processes).render(layout),
    '',
    state.slice(0, columns),
    functionTitle(color),
    ...(document.functions.length === 0
      ? ['nothing ran in this window: the threads waited']
      : document.functions.map((row) => functionLine(row, columns))),
    ...document.processes.flatMap(waitedLine).flatMap((line) => wrapText(line, columns, '  ')),
    ...document.notes.flatMap((note) => wrapText(note, columns, '  ')),
    ...(view === undefined
      ? []
      : ['', ...(view.help ? help : []), keys].map((line) => line.slice(0, columns))),
  ];
}

/** Lines that {@link renderTop} needs beside those of the functions. */
export function linesAroundFunctions(document: TopDocument, layout: LookLayout, view?: TopView): number {
  return renderTop({ ...document, functions: [] }, layout, view).length - 1;
}

function processTable(processes: readonly TopProcess[]): LookTable {
  const tellsLoop = processes.some(({ eventLoop }) => eventLoop !== null);
  return lookTable<TopProcess>({
    rows: processes,
    name: { title: 'process', value: ({ pid, command }) => `${pid} ${command}` },
    nameWidth: 28,
    columns: [
      { title: 'CPU %', value: ({ cpuPercent }) => percent(cpuPercent), expendable: 0 },
      ...(tellsLoop ? loopColumns : []),
    ],
    empty: 'every process has ended',
  });
}

const loopColumns: TableColumn<TopProcess>[] = [
  { title: 'loop %', value: ({ eventLoop }) => percent(eventLoop?.utilizationPercent), expendable: 1 },
  { title: 'delay p99', value: ({ eventLoop }) => time(eventLoop?.delayP99Ms), expendable: 2 },
  { title: 'GC %', value: ({ eventLoop }) => percent(eventLoop?.gcPercent), expendable: 3 },
  { title: 'heap', value: ({ eventLoop }) => bytes(eventLoop?.heapUsedBytes), expendable: 4 },
];

function percent(value: number | null | undefined): string {
  return value === undefined || value === null ? '-' : value.toFixed(value < 10 ? 1 : 0);
}

function time(ms: number | undefined): string {
  return ms === undefined ? '-' : formatTimeMs(ms);
}

function bytes(count: number | undefined): string {
  return count === undefined ? '-' : formatBytes(count);
}
