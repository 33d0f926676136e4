import { nodeClasses, type FrameClass } from './frame-class.ts';
import { frameKind, packageOf, shortFrameLabel, type FrameKind } from './frame-kind.ts';
import type { Frame, FrameMark, Profile, ProfileUnit } from './profile.ts';
import { type DepthReading, readDepth } from './read-depth.ts';
import { readWide, type WideFunction } from './read-wide.ts';
import { flameRemarks, type FlameRemark } from './flame-remarks.ts';
import { weightsBy } from './frame-weights.ts';

/**
 * What is to be seen in a profile's flame graph. Weights are in the profile's unit; shares are of 1 of `busy`, the
 * weight that is not waiting.
 */
export interface FlameReading {
  unit: ProfileUnit;
  total: number;
  busy: number;
  /**
   * Samples that were busy, and by how much (of 1) a share may be off because they are no more: 1 / √samples. Null where
   * the profile does not tell what one sample stands for, as folded stacks that weigh time.
   */
  sampled: { count: number; margin: number } | null;
  /** By what kind of work is done; the greatest first. */
  classes: { class: FrameClass; weight: number; share: number }[];
  /** By whose code ran; the greatest first. */
  kinds: { kind: FrameKind; weight: number; share: number }[];
  /** Own code: what it does itself, and with all that it calls. */
  own: { selfShare: number; totalShare: number };
  /** What others wrote, by npm or pip package: their own weight, and with what they call; the greatest own weight first. */
  packages: { name: string; selfShare: number; totalShare: number }[];
  wide: WideFunction[];
  deep: DepthReading;
  /** Functions that ran for at least `hotShare` themselves, and are marked by their runtime; the hottest first. */
  marked: MarkedFunction[];
  /** What to look at, the weightiest first, in sentences. */
  remarks: FlameRemark[];
}

export interface MarkedFunction {
  label: string;
  frame: Frame;
  marks: FrameMark[];
  selfShare: number;
}

/** What a function must take itself for a mark to matter: below, making it cheaper cannot be measured. */
const hotShare = 0.01;

/** Reads a profile as the guide teaches to read its flame graph. */
export function readFlame(profile: Profile): FlameReading {
  const classOf = nodeClasses(profile);
  const isBusy = (node: number): boolean => classOf[node] !== 'idle';
  const kindOf = profile.frames.map(frameKind);
  const packages = profile.frames.map(packageOf);
  const total = profile.nodes.reduce((sum, { self }) => sum + self, 0);
  const byClass = new Map<FrameClass, number>();
  const byKind = new Map<FrameKind, number>();
  let busy = 0;
  for (const [at, { frame, self }] of profile.nodes.entries()) {
    if (self === 0 || !isBusy(at)) continue;
    busy += self;
    add(byClass, classOf[at] ?? 'other', self);
    add(byKind, kindOf[frame] ?? 'runtime', self);
  }
  const share = (weight: number): number => (busy > 0 ? weight / busy : 0);
  const byFrame = weightsBy(profile, (frame) => frame, isBusy);
  const own = weightsBy(profile, (frame) => (kindOf[frame] === 'own' ? 'own' : undefined), isBusy).get('own');
  const byPackage = weightsBy(profile, (frame) => packages[frame], isBusy);
  const reading: Omit<FlameReading, 'remarks'> = {
    unit: profile.unit,
    total,
    busy,
    sampled: sampledOf(profile, busy, isBusy),
    classes: greatestFirst(
      [...byClass].map(([name, weight]) => ({ class: name, weight, share: share(weight) })),
    ),
    kinds: greatestFirst([...byKind].map(([kind, weight]) => ({ kind, weight, share: share(weight) }))),
    own: { selfShare: share(own?.self ?? 0), totalShare: share(own?.total ?? 0) },
    packages: [...byPackage]
      .map(([name, each]) => ({ name, selfShare: share(each.self), totalShare: share(each.total) }))
      .toSorted((a, b) => b.selfShare - a.selfShare || (a.name < b.name ? -1 : 1)),
    wide: readWide(profile, { busy, isBusy, classOf, byFrame }),
    deep: readDepth(profile, { busy, isBusy }),
    marked: profile.frames
      .flatMap((frame, at) => {
        const selfShare = share(byFrame.get(at)?.self ?? 0);
        return frame.marks === undefined || selfShare < hotShare
          ? []
          : [{ label: shortFrameLabel(frame), frame, marks: frame.marks, selfShare }];
      })
      .toSorted((a, b) => b.selfShare - a.selfShare),
  };
  return { ...reading, remarks: flameRemarks(reading) };
}

function sampledOf(
  { order, samples, interval }: Profile,
  busy: number,
  isBusy: (node: number) => boolean,
): FlameReading['sampled'] {
  if (order !== 'time' && interval <= 0) return null;
  const count =
    order === 'time' ? samples.filter(({ node }) => isBusy(node)).length : Math.round(busy / interval);
  return { count, margin: count > 0 ? 1 / Math.sqrt(count) : 1 };
}

function add<Key>(sums: Map<Key, number>, key: Key, weight: number): void {
  sums.set(key, (sums.get(key) ?? 0) + weight);
}

function greatestFirst<Part extends { weight: number }>(parts: Part[]): Part[] {
  return parts.toSorted((a, b) => b.weight - a.weight);
}
