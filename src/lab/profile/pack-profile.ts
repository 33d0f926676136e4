import type { FrameMark, Profile, ProfileUnit } from './profile.ts';

/** A profile column by column, which compresses to about a third of the same as objects. */
export interface PackedProfile {
  name: string;
  unit: ProfileUnit;
  startMs: number;
  endMs: number;
  interval: number;
  order: Profile['order'];
  frames: {
    name: string[];
    file: string[];
    line: number[];
    column: number[];
    /** By index of the frame; most have none. */
    marks: Record<number, FrameMark[]>;
  };
  nodes: { frame: number[]; parent: number[]; self: number[] };
  samples: { node: number[]; weight: number[] };
}

/** How small a part of its window a stack may be before it is folded into its caller, as a share of 1. */
export interface PackDetail {
  minShare: number;
  /** Without them a profile keeps its totals and loses only the order in time. */
  keepSamples: boolean;
  /** What ran within this time of each other loses its order: a stack is then written once for each such time. */
  sampleMs?: number;
}

/**
 * Packs a profile for a page. Stacks below `minShare` of the profile's weight are folded into their
 * callers, whose totals stay exact; frames that no stack uses any more are left out.
 */
export function packProfile(
  profile: Profile,
  { minShare, keepSamples, sampleMs }: PackDetail,
): PackedProfile {
  const totals = totalsOf(profile);
  const least = minShare * (totals[0] ?? 0);
  const keptAs: number[] = [];
  const frameAs = new Map<number, number>();
  const frames: PackedProfile['frames'] = { name: [], file: [], line: [], column: [], marks: {} };
  const nodes: PackedProfile['nodes'] = { frame: [], parent: [], self: [] };
  profile.nodes.forEach((node, index) => {
    const parent = node.parent < 0 ? -1 : (keptAs[node.parent] ?? -1);
    if (parent >= 0 && (totals[index] ?? 0) < least) {
      keptAs.push(parent);
      nodes.self[parent] = (nodes.self[parent] ?? 0) + node.self;
      return;
    }
    let frame = frameAs.get(node.frame);
    if (frame === undefined) {
      const known = profile.frames[node.frame] ?? { name: '', file: '', line: 0, column: 0 };
      frame = frames.name.push(known.name) - 1;
      frames.file.push(known.file);
      frames.line.push(known.line);
      frames.column.push(known.column);
      if (known.marks !== undefined) frames.marks[frame] = known.marks;
      frameAs.set(node.frame, frame);
    }
    keptAs.push(nodes.frame.push(frame) - 1);
    nodes.parent.push(parent);
    nodes.self.push(node.self);
  });
  const kept = profile.samples.map(({ node, weight }) => ({ node: keptAs[node] ?? 0, weight }));
  const samples = keepSamples ? gathered(kept, (sampleMs ?? 0) * 1000) : [];
  const { name, unit, startMs, endMs, interval, order } = profile;
  return {
    name,
    unit,
    startMs,
    endMs,
    interval,
    order: keepSamples ? order : 'none',
    frames,
    nodes,
    samples: {
      node: samples.map(({ node }) => node),
      weight: samples.map(({ weight }) => weight),
    },
  };
}

/** The samples with those of one stack within `gatherUs` added up; each counts to the time that it begins in. */
function gathered(samples: Profile['samples'], gatherUs: number): Profile['samples'] {
  if (gatherUs === 0) return samples;
  const all: Profile['samples'] = [];
  let slot = new Map<number, { node: number; weight: number }>();
  let slotEndUs = gatherUs;
  let atUs = 0;
  for (const { node, weight } of samples) {
    if (atUs >= slotEndUs) {
      slot = new Map();
      slotEndUs = (Math.floor(atUs / gatherUs) + 1) * gatherUs;
    }
    atUs += weight;
    const known = slot.get(node);
    if (known) known.weight += weight;
    else {
      const sample = { node, weight };
      slot.set(node, sample);
      all.push(sample);
    }
  }
  return all;
}

/** Back from columns to the one model of a profile. */
export function unpackProfile(packed: PackedProfile): Profile {
  const { frames, nodes, samples, ...rest } = packed;
  return {
    ...rest,
    frames: frames.name.map((name, index) => {
      const marks = frames.marks[index];
      return {
        name,
        file: frames.file[index] ?? '',
        line: frames.line[index] ?? 0,
        column: frames.column[index] ?? 0,
        ...(marks === undefined ? {} : { marks }),
      };
    }),
    nodes: nodes.frame.map((frame, index) => ({
      frame,
      parent: nodes.parent[index] ?? -1,
      self: nodes.self[index] ?? 0,
    })),
    samples: samples.node.map((node, index) => ({ node, weight: samples.weight[index] ?? 0 })),
  };
}

/** Weight of each node with all below it. Parents come before children, so one pass from the end does. */
export function totalsOf(profile: Profile): number[] {
  const totals = profile.nodes.map((node) => node.self);
  for (let index = totals.length - 1; index > 0; index -= 1) {
    const parent = profile.nodes[index]?.parent ?? -1;
    if (parent >= 0) totals[parent] = (totals[parent] ?? 0) + (totals[index] ?? 0);
  }
  return totals;
}
