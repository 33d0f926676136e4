import { counted, percent } from '../diagnose/computed/figures.ts';
import { type LookLayout, lookTable } from '../look/look-table.ts';
import { formatBytes, formatTimeMs } from '../look/quantity.ts';
import type { FrameKind } from '../profile/frame-kind.ts';
import { wrapText } from '../report/wrap-text.ts';
import { allocationSites, weightOf } from './allocation-sites.ts';
import type { TimedMemory } from './heap-target.ts';
import type { HeapRecording } from './record-heap.ts';

export interface RecordFacts {
  live: boolean;
  intervalBytes: number;
}

const listedSites = 12;
/** Less is of no interest; what the lab itself asks is among it. */
const listedShare = 0.001;
/** Below, a share is off by more than five points in one of twenty cases: 1.96 * sqrt(0.25 / n). */
const fewSamples = 400;

const kindWords: Record<FrameKind, string> = {
  own: 'own',
  dependency: 'package',
  runtime: 'runtime',
  gc: 'gc',
  waiting: '',
};

/** Whose code a function is, in a word. */
export function kindWord(kind: FrameKind): string {
  return kindWords[kind];
}

/** What `heap record --json` prints of each process. */
export interface RecordDocument {
  pid: number;
  process: string;
  durationMs: number;
  live: boolean;
  intervalBytes: number;
  samples: number;
  allocatedBytes: number;
  bytesPerS: number;
  /** Time that the process stood still while V8 told its samples. */
  pauseMs: number;
  memory: { first: TimedMemory | null; last: TimedMemory | null };
  sites: {
    name: string;
    file: string;
    line: number;
    kind: FrameKind;
    ownBytes: number;
    totalBytes: number;
  }[];
}

export function recordDocument(
  recording: HeapRecording,
  { live, intervalBytes }: RecordFacts,
): RecordDocument {
  const { pid, label, durationMs, samples, pauseMs, profile, readings } = recording;
  const allocatedBytes = weightOf(profile);
  return {
    pid,
    process: label,
    durationMs,
    live,
    intervalBytes,
    samples,
    allocatedBytes,
    bytesPerS: durationMs > 0 ? (allocatedBytes / durationMs) * 1000 : 0,
    pauseMs,
    memory: { first: readings.at(0) ?? null, last: readings.at(-1) ?? null },
    sites: allocationSites(profile).map(({ frame, kind, ownBytes, totalBytes }) => ({
      name: frame.name,
      file: frame.file,
      line: frame.line,
      kind,
      ownBytes,
      totalBytes,
    })),
  };
}

/** How a recording was taken, in sentences; the first is its result. */
export function recordFacts(recording: HeapRecording, { live, intervalBytes }: RecordFacts): string[] {
  const { durationMs, samples, pauseMs, profile } = recording;
  const bytes = weightOf(profile);
  const rate = durationMs > 0 ? (bytes / durationMs) * 1000 : 0;
  const what = live
    ? `${formatBytes(bytes)} of what was allocated in ${formatTimeMs(durationMs)} is still alive`
    : `${formatBytes(bytes)} allocated in ${formatTimeMs(durationMs)}, ${formatBytes(rate)} a second, ` +
      'what was collected meanwhile among it';
  return [
    `${what}.`,
    `${counted(samples, 'sample')}, one for ${formatBytes(intervalBytes)} on average` +
      (samples < fewSamples
        ? ': too few for exact shares; look for longer, or with a smaller --interval.'
        : '.'),
    `The process stood still for ${formatTimeMs(pauseMs)} while V8 collected garbage and told its samples.`,
    'Buffers and native memory are not in the heap: only what holds them is seen. What V8 has inlined counts for its caller.',
  ];
}

export function renderRecord(recording: HeapRecording, facts: RecordFacts, layout: LookLayout): string[] {
  const { profile, readings } = recording;
  const bytes = Math.max(1, weightOf(profile));
  const [result = '', ...notes] = recordFacts(recording, facts);
  const first = readings.at(0);
  const last = readings.at(-1);
  const table = lookTable({
    rows: allocationSites(profile)
      .filter(({ ownBytes }) => ownBytes >= bytes * listedShare)
      .slice(0, listedSites),
    name: { title: 'allocates', value: ({ label }) => label },
    columns: [
      { title: 'own', value: ({ ownBytes }) => formatBytes(ownBytes), expendable: 2 },
      { title: 'own %', value: ({ ownBytes }) => percent(ownBytes / bytes), expendable: 0 },
      { title: 'total %', value: ({ totalBytes }) => percent(totalBytes / bytes), expendable: 0 },
      { title: 'code', value: ({ kind }) => kindWord(kind), expendable: 1, align: 'left' },
    ],
    nameWidth: 46,
    empty: 'Nothing was sampled: it allocates less than the interval, see --interval.',
  });
  return [
    ...wrapText(`${recording.label}: ${result}`, layout.columns, '  '),
    ...(first && last ? [`  ${movements(first, last)}`] : []),
    '',
    ...table.render(layout),
    '',
    ...wrapText(['own: with what the runtime allocates for it.', ...notes].join(' '), layout.columns),
  ];
}

function movements(first: TimedMemory, last: TimedMemory): string {
  return [
    `heap ${formatBytes(first.heapUsedBytes)} → ${formatBytes(last.heapUsedBytes)}`,
    `external ${formatBytes(first.externalBytes)} → ${formatBytes(last.externalBytes)}`,
    `resident ${formatBytes(first.rssBytes)} → ${formatBytes(last.rssBytes)}`,
  ].join(', ');
}
