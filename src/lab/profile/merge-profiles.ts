import { indexIn } from './index-in.ts';
import type { Frame, FrameMark, Profile, ProfileNode } from './profile.ts';

/**
 * One profile of several windows, threads or processes: call trees are laid over each other by frame, self weights
 * added, samples appended in order of the windows. In order of time is what comes of windows in order that follow each
 * other; time between them that no window is of is `(not profiled)` there. Gives an empty profile for none. All have to
 * weigh the same unit: RangeError otherwise.
 */
export function mergeProfiles(profiles: readonly Profile[], name: string): Profile {
  const inOrder = profiles.toSorted((a, b) => a.startMs - b.startMs);
  const unit = inOrder[0]?.unit ?? 'microseconds';
  const frames: Frame[] = [];
  const frameOf = new Map<string, number>();
  const nodes: ProfileNode[] = [];
  const nodeOf = new Map<string, number>();
  const samples: Profile['samples'] = [];
  const holesUs = holesBefore(inOrder);
  for (const [window, profile] of inOrder.entries()) {
    if (profile.unit !== unit) throw new RangeError(`${unit} and ${profile.unit} do not add up`);
    const frameAt = profile.frames.map((frame) => addFrame(frames, frameOf, frame));
    const nodeAt: number[] = [];
    for (const node of profile.nodes) {
      const parent = node.parent < 0 ? -1 : (nodeAt[node.parent] ?? -1);
      const frame = frameAt[node.frame] ?? 0;
      const at = indexIn(nodes, nodeOf, `${parent} ${frame}`, { frame, parent, self: 0 });
      const merged = nodes[at];
      if (merged) merged.self += node.self;
      nodeAt.push(at);
    }
    const holeUs = holesUs?.[window] ?? 0;
    if (holeUs > 0) {
      const frame = addFrame(frames, frameOf, notProfiled);
      const node = indexIn(nodes, nodeOf, `0 ${frame}`, { frame, parent: 0, self: 0 });
      const hole = nodes[node];
      if (hole !== undefined) hole.self += holeUs;
      samples.push({ node, weight: holeUs });
    }
    for (const { node, weight } of profile.samples) samples.push({ node: nodeAt[node] ?? 0, weight });
  }
  return {
    name,
    unit,
    startMs: inOrder[0]?.startMs ?? 0,
    endMs: inOrder.reduce((latest, { endMs }) => Math.max(latest, endMs), 0),
    interval: inOrder.reduce((longest, { interval }) => Math.max(longest, interval), 0),
    frames,
    nodes,
    order: holesUs === undefined ? 'none' : 'time',
    samples,
  };
}

const notProfiled: Frame = { name: '(not profiled)', file: '', line: 0, column: 0 };

/** Two windows overlap, or leave out, as much as starting the next before stopping the last one takes. */
const seamMs = 100;

/**
 * By window, the time that is missing before it, in microseconds, so that each sample of what is merged stands where it
 * was taken. Undefined for windows that do not follow each other.
 */
function holesBefore(inOrder: readonly Profile[]): number[] | undefined {
  const holesUs: number[] = [];
  let atMs = inOrder[0]?.startMs ?? 0;
  for (const { order, unit, startMs, nodes } of inOrder) {
    const holeMs = startMs - atMs;
    if (order !== 'time' || unit !== 'microseconds' || holeMs < -seamMs) return undefined;
    const filledMs = holeMs > seamMs ? holeMs : 0;
    holesUs.push(filledMs * 1000);
    atMs += filledMs + nodes.reduce((sum, { self }) => sum + self, 0) / 1000;
  }
  return holesUs;
}

function addFrame(frames: Frame[], known: Map<string, number>, frame: Frame): number {
  const at = indexIn(frames, known, frameKey(frame), frame);
  const merged = frames[at];
  if (merged !== undefined && merged !== frame && frame.marks !== undefined) {
    frames[at] = { ...merged, marks: addMarks(merged.marks ?? [], frame.marks) };
  }
  return at;
}

/** The same function at the same place. */
export function frameKey({ name, file, line, column }: Frame): string {
  return `${name}\n${file}\n${line}\n${column}`;
}

/** Marks of two profiles, or of two sources; the same reason is counted on. */
export function addMarks(marks: readonly FrameMark[], more: readonly FrameMark[]): FrameMark[] {
  const all = new Map(marks.map((mark) => [`${mark.kind} ${mark.reason}`, mark]));
  for (const mark of more) {
    const key = `${mark.kind} ${mark.reason}`;
    all.set(key, { ...mark, count: mark.count + (all.get(key)?.count ?? 0) });
  }
  return [...all.values()];
}
