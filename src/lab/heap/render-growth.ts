import { type LookLayout, lookTable } from '../look/look-table.ts';
import { formatBytes, formatTimeMs } from '../look/quantity.ts';
import type { FrameKind } from '../profile/frame-kind.ts';
import { wrapText } from '../report/wrap-text.ts';
import { formatDurationMs } from '../../shared/duration.ts';
import { kindWord } from './render-record.ts';
import type { LeakVerdict } from './leak-verdict.ts';
import type { TimedMemory } from './heap-target.ts';
import { type HeapGrowth, type MemoryKind, memoryKinds } from './watch-growth.ts';

const listedSites = 10;

const kindNames: Record<MemoryKind, string> = {
  heapUsedBytes: 'heap in use',
  externalBytes: 'external',
  arrayBuffersBytes: 'array buffers',
  rssBytes: 'resident',
};

/** What `heap growth --json` prints of each process. */
export interface GrowthDocument {
  pid: number;
  process: string;
  apartMs: number;
  pausesMs: [number, number];
  before: TimedMemory;
  after: TimedMemory;
  verdict: LeakVerdict['verdict'];
  verdicts: HeapGrowth['verdicts'];
  sites: {
    name: string;
    file: string;
    line: number;
    kind: FrameKind;
    beforeBytes: number;
    afterBytes: number;
    grewBytes: number;
    bytesPerS: number;
  }[];
  readings: TimedMemory[];
}

export function growthDocument(growth: HeapGrowth): GrowthDocument {
  const { pid, label, apartMs, pausesMs, before, after, verdicts, sites, readings } = growth;
  return {
    pid,
    process: label,
    apartMs,
    pausesMs,
    before: before.memory,
    after: after.memory,
    verdict: verdicts[leadingKind(verdicts)].verdict,
    verdicts,
    sites: sites.map(({ frame, kind, beforeBytes, afterBytes, grewBytes }) => ({
      name: frame.name,
      file: frame.file,
      line: frame.line,
      kind,
      beforeBytes,
      afterBytes,
      grewBytes,
      bytesPerS: perSecond(grewBytes, apartMs),
    })),
    readings,
  };
}

/** The kind that tells most: what grows first, the heap before what follows from it; else the heap. */
function leadingKind(verdicts: HeapGrowth['verdicts']): MemoryKind {
  return memoryKinds.find((kind) => verdicts[kind].verdict === 'growing') ?? 'heapUsedBytes';
}

/** The limit that is reached first: V8's by the heap, that of the control group by all that is resident. */
function limitSentence({ heapUsedBytes, rssBytes }: HeapGrowth['verdicts']): string {
  const limits = [
    { whose: "V8's limit", untilMs: heapUsedBytes.untilLimitMs ?? Infinity },
    {
      whose: 'the memory limit of its control group (container)',
      untilMs: rssBytes.untilLimitMs ?? Infinity,
    },
  ];
  const [first] = limits.toSorted((a, b) => a.untilMs - b.untilMs);
  if (first === undefined || first.untilMs === Infinity) return '';
  return ` At this rate it reaches ${first.whose} in ${formatDurationMs(first.untilMs)}.`;
}

/** The verdict as a sentence or two. */
export function growthSummary({ verdicts }: HeapGrowth): string {
  const kind = leadingKind(verdicts);
  const { verdict, confidence, reason, ...rates } = verdicts[kind];
  const sure = `confidence ${confidence.toFixed(2)}`;
  if (verdict !== 'growing')
    return `the heap is ${verdict === 'steady' ? 'steady' : 'unclear'} (${sure}): ${reason}.`;
  const limit = limitSentence(verdicts);
  const native =
    kind === 'rssBytes'
      ? " JavaScript's own memory does not: look for native memory, or for fragmentation."
      : '';
  return (
    `${kindNames[kind]} is growing by ${formatBytes(rates.bytesPerMinute)} a minute ` +
    `(${formatBytes(rates.lowBytesPerMinute)} to ${formatBytes(rates.highBytesPerMinute)}; ${sure}): ${reason}.${limit}${native}`
  );
}

/** How it was taken, in sentences. */
export function growthFacts({ apartMs, pausesMs }: HeapGrowth): string[] {
  return [
    `Two samples of live memory, ${formatTimeMs(apartMs)} apart, after a full collection each, which stopped the process for ` +
      `${formatTimeMs(pausesMs[0])} and ${formatTimeMs(pausesMs[1])}.`,
    'Only what was allocated since watching began is in them.',
  ];
}

/** Of too few readings nothing is told, and an interval of no width is that of something that never changes. */
function isMeasured({ verdict, lowBytesPerMinute, highBytesPerMinute }: LeakVerdict): boolean {
  return verdict !== 'unclear' || lowBytesPerMinute < highBytesPerMinute;
}

export function renderGrowth(growth: HeapGrowth, layout: LookLayout): string[] {
  const { label, before, after, verdicts, sites, apartMs } = growth;
  const memory = lookTable({
    rows: memoryKinds,
    name: { title: 'memory', value: (kind) => kindNames[kind] },
    columns: [
      { title: 'before', value: (kind) => formatBytes(before.memory[kind]), expendable: 0 },
      { title: 'after', value: (kind) => formatBytes(after.memory[kind]), expendable: 0 },
      {
        title: 'a minute',
        value: (kind) => (isMeasured(verdicts[kind]) ? signed(verdicts[kind].bytesPerMinute) : '-'),
        expendable: 0,
      },
      {
        title: '95 % within',
        value: (kind) =>
          isMeasured(verdicts[kind])
            ? `${signed(verdicts[kind].lowBytesPerMinute)} to ${signed(verdicts[kind].highBytesPerMinute)}`
            : '-',
        expendable: 1,
      },
      { title: 'verdict', value: (kind) => verdicts[kind].verdict, expendable: 0, align: 'left' },
    ],
    nameWidth: 13,
  });
  const table = lookTable({
    rows: sites.filter(({ grewBytes }) => grewBytes > 0).slice(0, listedSites),
    name: { title: 'allocated by, and still alive', value: ({ label: site }) => site },
    columns: [
      { title: 'before', value: ({ beforeBytes }) => formatBytes(beforeBytes), expendable: 2 },
      { title: 'after', value: ({ afterBytes }) => formatBytes(afterBytes), expendable: 1 },
      { title: 'grew', value: ({ grewBytes }) => signed(grewBytes), expendable: 0 },
      { title: 'grew/s', value: ({ grewBytes }) => signed(perSecond(grewBytes, apartMs)), expendable: 0 },
      { title: 'code', value: ({ kind }) => kindWord(kind), expendable: 3, align: 'left' },
    ],
    nameWidth: 46,
    empty: 'Nothing that was allocated since watching began has grown.',
  });
  return [
    ...wrapText(`${label}: ${growthSummary(growth)}`, layout.columns, '  '),
    '',
    ...memory.render(layout),
    '',
    ...table.render(layout),
    '',
    ...wrapText(growthFacts(growth).join(' '), layout.columns),
    ...(verdicts.heapUsedBytes.verdict === 'steady'
      ? wrapText(
          'The heap as a whole does not grow: what is listed has taken the place of what was freed.',
          layout.columns,
        )
      : []),
  ];
}

/** Per minute and per second there is less than nothing too. */
function signed(bytes: number): string {
  return `${bytes < 0 ? '-' : '+'}${formatBytes(Math.abs(bytes))}`;
}

function perSecond(bytes: number, overMs: number): number {
  return overMs > 0 ? (bytes / overMs) * 1000 : 0;
}
