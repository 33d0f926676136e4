import type { FrameClass } from './frame-class.ts';
import { frameKind, shortFrameLabel, type FrameKind } from './frame-kind.ts';
import type { Frame, Profile } from './profile.ts';
import { subtreeWeights, type Weights } from './frame-weights.ts';

/** A function that takes much of the width of a flame graph. Shares are of 1 of the busy weight. */
export interface WideFunction {
  label: string;
  frame: Frame;
  kind: FrameKind;
  /** The kind of work that most of its own weight is. */
  class: FrameClass;
  selfShare: number;
  totalShare: number;
  /** The own function that most of its weight is called from, with the part (of 1) of it; null of own functions and of those with many. */
  calledBy: { label: string; share: number } | null;
}

/** Twice as fast, a function with this much of its own saves a fortieth of the whole: worth a look. */
const wideSelfShare = 0.05;
/** Functions that are wide by what they call: fewer, as each level of a stack has them again. */
const wideTotalShare = 0.2;
/** A function that hands on this much of its weight to a single one is only the way there. */
const passingShare = 0.9;
/** A function that has many callers is nobody's in particular. */
const mainCallerShare = 0.5;
const mostListed = 12;

/** The functions at which a flame graph is wide: by what they do, or where its width splits. The widest first. */
export function readWide(
  profile: Profile,
  given: {
    busy: number;
    isBusy: (node: number) => boolean;
    classOf: readonly FrameClass[];
    byFrame: ReadonlyMap<number, Weights>;
  },
): WideFunction[] {
  const { busy, isBusy, classOf, byFrame } = given;
  const kinds = profile.frames.map(frameKind);
  const subtree = subtreeWeights(profile, isBusy);
  const wide = [...byFrame].filter(([frame, { self, total }]) => {
    if (kinds[frame] === 'waiting') return false;
    if (self >= wideSelfShare * busy) return true;
    // What the runtime calls is all of the program; it says nothing about it.
    const tells = kinds[frame] === 'own' || kinds[frame] === 'dependency';
    return tells && total >= wideTotalShare * busy && splits(profile, subtree, kinds, frame, total);
  });
  return wide
    .flatMap(([at, { self, total }]) => {
      const frame = profile.frames[at];
      if (frame === undefined) return [];
      const kind = kinds[at] ?? 'runtime';
      return {
        label: shortFrameLabel(frame),
        frame,
        kind,
        class: mainClass(profile, at, isBusy, classOf),
        selfShare: self / busy,
        totalShare: total / busy,
        calledBy: kind === 'own' || kind === 'gc' ? null : mainCaller(profile, subtree, kinds, at, total),
      };
    })
    .toSorted(
      (a, b) => b.selfShare - a.selfShare || b.totalShare - a.totalShare || (a.label < b.label ? -1 : 1),
    )
    .slice(0, mostListed);
}

/** Whether it is more than the way to a single function; own code that ends in others' always is. */
function splits(
  profile: Profile,
  subtree: readonly number[],
  kinds: readonly FrameKind[],
  frame: number,
  total: number,
): boolean {
  const callees = new Map<number, number>();
  for (const [at, node] of profile.nodes.entries()) {
    if (profile.nodes[node.parent]?.frame !== frame || node.frame === frame) continue;
    callees.set(node.frame, (callees.get(node.frame) ?? 0) + (subtree[at] ?? 0));
  }
  const [callee = -1, most = 0] = [...callees].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  return most < passingShare * total || (kinds[frame] === 'own' && kinds[callee] !== 'own');
}

function mainClass(
  profile: Profile,
  frame: number,
  isBusy: (node: number) => boolean,
  classOf: readonly FrameClass[],
): FrameClass {
  const weights = new Map<FrameClass, number>();
  for (const [at, node] of profile.nodes.entries()) {
    const name = classOf[at] ?? 'other';
    if (node.frame === frame && isBusy(at)) weights.set(name, (weights.get(name) ?? 0) + node.self);
  }
  return [...weights].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 'other';
}

function mainCaller(
  profile: Profile,
  subtree: readonly number[],
  kinds: readonly FrameKind[],
  frame: number,
  total: number,
): WideFunction['calledBy'] {
  const callers = new Map<number, number>();
  for (const [at, node] of profile.nodes.entries()) {
    if (node.frame !== frame) continue;
    let above = profile.nodes[node.parent];
    while (above !== undefined && above.frame !== frame && kinds[above.frame] !== 'own') {
      above = profile.nodes[above.parent];
    }
    if (above === undefined || above.frame === frame) continue;
    callers.set(above.frame, (callers.get(above.frame) ?? 0) + (subtree[at] ?? 0));
  }
  const [caller = -1, most = 0] = [...callers].toSorted((a, b) => b[1] - a[1])[0] ?? [];
  const called = profile.frames[caller];
  return called === undefined || most < mainCallerShare * total
    ? null
    : { label: shortFrameLabel(called), share: most / total };
}
