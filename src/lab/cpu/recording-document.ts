import { type LookLayout, type LookTable, lookTable } from '../look/look-table.ts';
import { formatTimeMs } from '../look/quantity.ts';
import { busyOf } from '../profile/busy-of.ts';
import { frameKind } from '../profile/frame-kind.ts';
import { mergeProfiles } from '../profile/merge-profiles.ts';
import { type FlameReading, readFlame } from '../profile/read-flame.ts';
import { readingLines } from '../profile/render-reading.ts';
import { withoutIdle } from '../profile/without-waiting.ts';
import type { WaitingFor } from '../profilers/profiler.ts';
import type { PushedProfiles } from '../pyroscope/push-profiles.ts';
import { wrapText } from '../report/wrap-text.ts';
import { FunctionTally, sortedRows } from './function-tally.ts';
import { processLabel, type ProfiledProcess } from './profiled-processes.ts';
import type { Recording } from './record.ts';
import type { RecordingCost } from './recording-set.ts';
import { functionLine, functionTitle } from './function-line.ts';
import { functionOf, type TopFunction } from './top-document.ts';
import { waitedLine } from './waited-line.ts';
import { waitingLines } from './waiting-lines.ts';

/** What `cpu record` found. Percent are of one core, over the recording. */
export interface RecordingDocument {
  command: 'cpu record';
  /** ISO 8601. */
  at: string;
  durationMs: number;
  rateHz: number;
  cost: RecordingCost;
  files: string[];
  /** What a Pyroscope server took; null where it took nothing. */
  pushed: PushedProfiles | null;
  processes: {
    pid: number;
    name: string;
    command: string;
    profiler: ProfiledProcess['profiler'];
    threads: string[];
    /** What the kernel counted; null when the process ended meanwhile. */
    cpuMs: number | null;
    /** How long its threads were seen in functions, with what these waited for. */
    inFunctionsMs: number;
    waiting: WaitingFor | null;
  }[];
  /** By their own time, all processes added up. */
  functions: TopFunction[];
  reading: FlameReading;
  notes: string[];
}

/** `idle`: functions that wait are among the functions, as was asked for. */
export function recordingDocument(
  recording: Recording,
  told: Pick<RecordingDocument, 'rateHz' | 'cost' | 'files' | 'pushed' | 'notes'> & {
    top: number;
    idle: boolean;
  },
): RecordingDocument {
  const { top, idle, ...rest } = told;
  const profiles = recording.processes.flatMap(({ threads }) => threads.map(({ profile }) => profile));
  const merged = mergeProfiles(profiles, 'all');
  const tally = new FunctionTally();
  // A process that is short of a core ends its profile later than it was asked to.
  const lastedMs = Math.max(
    recording.endMs - recording.startMs,
    ...profiles.map(({ startMs, endMs }) => endMs - startMs),
  );
  tally.addLasting(idle ? merged : withoutIdle(merged), lastedMs);
  return {
    command: 'cpu record',
    at: new Date(recording.startMs).toISOString(),
    durationMs: Math.round(recording.endMs - recording.startMs),
    ...rest,
    processes: recording.processes.map(
      ({ process: { pid, name, command, profiler }, threads, cpuMs, waiting }) => ({
        pid,
        name,
        command,
        profiler,
        threads: threads.map(({ thread }) => thread),
        cpuMs,
        inFunctionsMs:
          threads.reduce((sum, { profile }) => sum + busyOf(idle ? profile : withoutIdle(profile)), 0) / 1000,
        waiting,
      }),
    ),
    functions: sortedRows(tally.rows(), 'own').slice(0, top).map(functionOf),
    reading: readFlame(merged),
  };
}

/** The document as lines of at most `layout.columns`. `facts`: how it was taken. */
export function recordingLines(
  document: RecordingDocument,
  facts: readonly string[],
  layout: LookLayout,
): string[] {
  const { columns } = layout;
  const waiting = document.processes.flatMap((process) =>
    process.waiting === null
      ? []
      : waitingLines(process.waiting, columns).map((line, at) => {
          const label =
            document.processes.length > 1 && at === 0
              ? `${processLabel({ role: 'gateway', ...process })}: `
              : '';
          return `${label}${line}`.slice(0, columns);
        }),
  );
  return [
    ...processTable(document).render(layout),
    '',
    ...functionTable(document, layout),
    ...waitedLines(document, columns),
    ...readingLines(document.reading, layout),
    ...(waiting.length === 0 ? [] : ['', bold('what the event loop waits for', layout), ...waiting]),
    '',
    ...[...facts, ...document.notes].flatMap((text) => wrapText(text, columns, '  ')),
    ...document.files.map((file) => `Wrote ${file}`),
  ];
}

function waitedLines({ processes, durationMs }: RecordingDocument, columns: number): string[] {
  const percent = (ms: number): number => (100 * ms) / Math.max(1, durationMs);
  const lines = processes.flatMap(({ pid, profiler, cpuMs, inFunctionsMs }) =>
    waitedLine({
      pid,
      profiler,
      cpuPercent: cpuMs === null ? null : percent(cpuMs),
      inFunctionsPercent: percent(inFunctionsMs),
    }),
  );
  return lines.length === 0 ? [] : [...lines.flatMap((line) => wrapText(line, columns, '  ')), ''];
}

function processTable({ processes }: RecordingDocument): LookTable {
  return lookTable({
    rows: processes,
    name: { title: 'process', value: ({ pid, command }) => `${pid} ${command}` },
    columns: [
      { title: 'profiler', value: ({ profiler }) => profiler, expendable: 0, align: 'left' },
      { title: 'threads', value: ({ threads }) => String(threads.length), expendable: 1 },
      { title: 'CPU', value: ({ cpuMs }) => (cpuMs === null ? 'ended' : formatTimeMs(cpuMs)), expendable: 0 },
    ],
  });
}

function functionTable({ functions }: RecordingDocument, layout: LookLayout): string[] {
  const shown = functions.filter((row) => frameKind({ name: row.function, file: row.file }) !== 'waiting');
  if (shown.length === 0) return [];
  return [functionTitle(layout.color), ...shown.map((row) => functionLine(row, layout.columns)), ''];
}

function bold(text: string, { color }: LookLayout): string {
  return color ? `\u001b[1m${text}\u001b[0m` : text;
}
