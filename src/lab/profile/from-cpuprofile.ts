import { GaugewayError } from '../../shared/errors.ts';
import { deepestStack } from './profile-builder.ts';
import { pathFromUrl } from './path-from-url.ts';
import { nameJsonCalls, type SourceLine } from './name-json-calls.ts';
import type { Frame, FrameMark, Profile, ProfileNode } from './profile.ts';

/** The `.cpuprofile` document of V8 (Chrome DevTools Protocol, `Profiler.Profile`). Times are microseconds. */
export interface CpuProfileDocument {
  nodes: CpuProfileNode[];
  /** Monotonic microseconds, of the profiled process's own clock. */
  startTime: number;
  endTime: number;
  samples: number[];
  timeDeltas: number[];
  /** What the format has no place for; other tools leave it alone. */
  gaugeway?: {
    unit: Profile['unit'];
    order: Profile['order'];
    /** Absent in what older versions wrote. */
    interval?: number;
    marks: Record<number, FrameMark[]>;
  };
}

export interface CpuProfileNode {
  id: number;
  /** `lineNumber` and `columnNumber` count from 0; -1 when unknown. */
  callFrame: {
    functionName: string;
    scriptId: string;
    url: string;
    lineNumber: number;
    columnNumber: number;
  };
  hitCount: number;
  /** Why V8 does not optimise the function; absent, empty or `no reason` where it does. */
  deoptReason?: string;
  children?: number[];
  /** How many of its hits were on which line, counted from 1. */
  positionTicks?: { line: number; ticks: number }[];
}

/**
 * Reads a `.cpuprofile`. Its own times are monotonic, so that the place on the timeline comes with it:
 * `startMs` is the run's clock when profiling began, `endMs` defaults to the profile's own length after it, and
 * `interval` to what it was written with, else to the median distance of its samples. Samples are put in order of time (V8 can emit them out
 * of order). With `sourceLine`, `JSON.parse` and `JSON.stringify` have frames. Throws GaugewayError source_unreadable when it is no such document.
 */
export function fromCpuProfile(
  read: unknown,
  place: { name: string; startMs: number; endMs?: number; interval?: number; sourceLine?: SourceLine },
): Profile {
  if (!isCpuProfile(read)) {
    throw new GaugewayError('source_unreadable', `${place.name} is not a V8 CPU profile`);
  }
  const document = place.sourceLine === undefined ? read : nameJsonCalls(read, place.sourceLine);
  const { frames, nodes, indexOf } = callTree(document, place.name);
  const samples = inOrder(document).map(({ id, weight }) => ({ node: indexOf.get(id) ?? 0, weight }));
  for (const sample of samples) {
    const node = nodes[sample.node];
    if (node) node.self += sample.weight;
  }
  return {
    name: place.name,
    unit: document.gaugeway?.unit ?? 'microseconds',
    order: document.gaugeway?.order ?? 'time',
    startMs: place.startMs,
    endMs: place.endMs ?? place.startMs + (document.endTime - document.startTime) / 1000,
    interval: place.interval ?? document.gaugeway?.interval ?? median(samples.map(({ weight }) => weight)),
    frames,
    nodes,
    samples,
  };
}

/** V8 lists nodes in no promised order: walk from the root, so that parents come before their children. */
function callTree(
  document: CpuProfileDocument,
  name: string,
): {
  frames: Frame[];
  nodes: ProfileNode[];
  indexOf: Map<number, number>;
} {
  const byId = new Map(document.nodes.map((node) => [node.id, node]));
  const frames: Frame[] = [];
  const frameOf = new Map<string, number>();
  const nodes: ProfileNode[] = [];
  const indexOf = new Map<number, number>();
  const children = new Set(document.nodes.flatMap((node) => node.children ?? []));
  const root = document.nodes.find(({ id }) => !children.has(id));
  const pending = root ? [{ node: root, parent: -1, depth: 0 }] : [];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, parent, depth } = next;
    if (indexOf.has(node.id)) continue;
    if (depth > deepestStack) {
      throw new GaugewayError(
        'source_unreadable',
        `${name} holds a stack deeper than ${deepestStack} frames`,
      );
    }
    const frame = frameFrom(node, document.gaugeway?.marks[node.id]);
    const key = `${frame.name}\n${frame.file}\n${frame.line}\n${frame.column}`;
    let at = frameOf.get(key);
    if (at === undefined) {
      at = frames.push(frame) - 1;
      frameOf.set(key, at);
    }
    const index = nodes.push({ frame: at, parent, self: 0 }) - 1;
    indexOf.set(node.id, index);
    for (const id of (node.children ?? []).toReversed()) {
      const child = byId.get(id);
      if (child) pending.push({ node: child, parent: index, depth: depth + 1 });
    }
  }
  return { frames, nodes, indexOf };
}

function frameFrom({ callFrame, deoptReason = '' }: CpuProfileNode, known: FrameMark[] | undefined): Frame {
  const told = deoptReason !== '' && deoptReason !== 'no reason';
  const marks =
    known ?? (told ? [{ kind: 'deoptimised' as const, reason: deoptReason, count: 1 }] : undefined);
  return {
    name: callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName,
    file: pathFromUrl(callFrame.url),
    line: callFrame.lineNumber + 1,
    column: callFrame.columnNumber + 1,
    ...(marks === undefined ? {} : { marks }),
  };
}

function inOrder(document: CpuProfileDocument): { id: number; weight: number }[] {
  let atUs = 0;
  const timed = document.samples.map((id, index) => {
    atUs += document.timeDeltas[index] ?? 0;
    return { id, atUs };
  });
  timed.sort((a, b) => a.atUs - b.atUs);
  let previousUs = 0;
  return timed.map((sample) => {
    const weight = Math.max(0, sample.atUs - previousUs);
    previousUs = Math.max(previousUs, sample.atUs);
    return { id: sample.id, weight };
  });
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function isCpuProfile(value: unknown): value is CpuProfileDocument {
  return (
    isRecord(value) &&
    typeof value['startTime'] === 'number' &&
    typeof value['endTime'] === 'number' &&
    isArrayOf(value['samples'], isNumber) &&
    isArrayOf(value['timeDeltas'], isNumber) &&
    isArrayOf(value['nodes'], isNode) &&
    (value['gaugeway'] === undefined || isOwn(value['gaugeway']))
  );
}

function isOwn(value: unknown): boolean {
  return (
    isRecord(value) &&
    (value['unit'] === 'microseconds' || value['unit'] === 'bytes') &&
    (value['order'] === 'time' || value['order'] === 'none') &&
    (value['interval'] === undefined || isNumber(value['interval'])) &&
    isRecord(value['marks']) &&
    Object.values(value['marks']).every((marks) => isArrayOf(marks, isMark))
  );
}

function isMark(value: unknown): boolean {
  return (
    isRecord(value) &&
    (value['kind'] === 'deoptimised' || value['kind'] === 'megamorphic') &&
    typeof value['reason'] === 'string' &&
    isNumber(value['count'])
  );
}

function isNode(value: unknown): boolean {
  if (!isRecord(value) || !isNumber(value['id']) || !isRecord(value['callFrame'])) return false;
  const frame = value['callFrame'];
  return (
    typeof frame['functionName'] === 'string' &&
    typeof frame['url'] === 'string' &&
    isNumber(frame['lineNumber']) &&
    isNumber(frame['columnNumber']) &&
    (value['children'] === undefined || isArrayOf(value['children'], isNumber)) &&
    (value['positionTicks'] === undefined || isArrayOf(value['positionTicks'], isPositionTick))
  );
}

const isPositionTick = (value: unknown): boolean =>
  isRecord(value) && isNumber(value['line']) && isNumber(value['ticks']);

const isNumber = (value: unknown): boolean => typeof value === 'number';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isArrayOf = (value: unknown, is: (element: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(is);
