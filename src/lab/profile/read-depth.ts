import { frameKind, packageOf, shortFrameLabel } from './frame-kind.ts';
import { stackOf } from './frame-label.ts';
import type { Profile } from './profile.ts';

/** How deep the stacks of a profile are, in frames, by weight; `share` is of 1 of the busy weight. */
export interface DepthReading {
  median: number;
  p95: number;
  max: number;
  /** Stacks with more frames are deeper than usual here. */
  usual: number;
  /** What stacks deeper than `usual` take, and the functions that they end in, the weightiest first. */
  share: number;
  endIn: { label: string; share: number }[];
  /** Functions that stand on one stack again and again: recursion, or a chain of wrappers. The weightiest first. */
  repeated: { label: string; times: number; share: number }[];
  /** Whose frames the stacks are made of, as a part (of 1) of all frames: `own`, `runtime` or a package. */
  madeOf: { name: string; share: number }[];
}

/** A stack of twice as many frames as half of them have is another kind of stack; below this it is short in any case. */
const leastDeep = 30;
/** Twice is common: a handler that calls another one of its kind. */
const fewestRepeats = 3;
/** What is less of the whole is not worth a sentence. */
const leastShare = 0.01;
const mostListed = 5;

/** Tells stacks that are deeper than usual, and of what. */
export function readDepth(
  profile: Profile,
  { busy, isBusy }: { busy: number; isBusy: (node: number) => boolean },
): DepthReading {
  const owners = profile.frames.map(
    (frame) => packageOf(frame) ?? (frameKind(frame) === 'own' ? 'own' : 'runtime'),
  );
  const stacks: { stack: number[]; self: number }[] = [];
  const repeats = new Map<number, { times: number; weight: number }>();
  const frames = new Map<string, number>();
  for (const [at, { self }] of profile.nodes.entries()) {
    if (self === 0 || !isBusy(at)) continue;
    const stack = stackOf(profile, at);
    stacks.push({ stack, self });
    for (const [frame, times] of countsOf(stack)) {
      const owner = owners[frame] ?? 'runtime';
      frames.set(owner, (frames.get(owner) ?? 0) + times * self);
      if (times < fewestRepeats) continue;
      const known = repeats.get(frame) ?? { times: 0, weight: 0 };
      repeats.set(frame, { times: Math.max(known.times, times), weight: known.weight + self });
    }
  }
  stacks.sort((a, b) => a.stack.length - b.stack.length);
  const median = depthAt(stacks, busy * 0.5);
  const usual = Math.max(leastDeep, 2 * median);
  const ends = new Map<number, number>();
  let deep = 0;
  for (const { stack, self } of stacks) {
    const end = stack.at(-1);
    if (stack.length <= usual || end === undefined) continue;
    deep += self;
    ends.set(end, (ends.get(end) ?? 0) + self);
  }
  const labelOf = (frame: number): string => {
    const found = profile.frames[frame];
    return found === undefined ? '' : shortFrameLabel(found);
  };
  const share = (weight: number): number => (busy > 0 ? weight / busy : 0);
  const allFrames = [...frames.values()].reduce((sum, weight) => sum + weight, 0);
  return {
    median,
    p95: depthAt(stacks, busy * 0.95),
    max: stacks.at(-1)?.stack.length ?? 0,
    usual,
    share: share(deep),
    endIn: listed([...ends].map(([frame, weight]) => ({ label: labelOf(frame), share: share(weight) }))),
    repeated: listed(
      [...repeats].map(([frame, { times, weight }]) => ({
        label: labelOf(frame),
        times,
        share: share(weight),
      })),
    ),
    madeOf: listed(
      [...frames].map(([name, weight]) => ({ name, share: allFrames > 0 ? weight / allFrames : 0 })),
    ),
  };
}

function countsOf(stack: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const frame of stack) counts.set(frame, (counts.get(frame) ?? 0) + 1);
  return counts;
}

function depthAt(inOrder: readonly { stack: number[]; self: number }[], weight: number): number {
  let sum = 0;
  for (const { stack, self } of inOrder) {
    sum += self;
    if (sum >= weight) return stack.length;
  }
  return 0;
}

function listed<Part extends { share: number }>(parts: Part[]): Part[] {
  return parts
    .filter(({ share }) => share >= leastShare)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, mostListed);
}
