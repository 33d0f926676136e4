import { frameKind, type FrameKind } from '../diagnose/computed/frame-kind.ts';
import type { Profile } from '../profile/profile.ts';
import type { ReportDetail } from './report-data.ts';

/** A profile column by column, which compresses to about a third of the same as objects. */
export interface PackedProfile {
  name: string;
  startMs: number;
  endMs: number;
  intervalUs: number;
  frames: { name: string[]; file: string[]; line: number[]; column: number[]; kind: FrameKind[] };
  nodes: { frame: number[]; parent: number[]; selfUs: number[] };
  samples: { node: number[]; deltaUs: number[] };
}

/**
 * Packs a profile for the report. Stacks below `minShare` of the profile's time are folded into their
 * callers, whose totals stay exact; frames that no stack uses any more are left out.
 */
export function packProfile(profile: Profile, { minShare, keepSamples }: ReportDetail): PackedProfile {
  const totalUs = totalsOf(profile);
  const minUs = minShare * (totalUs[0] ?? 0);
  const keptAs: number[] = [];
  const frameAs = new Map<number, number>();
  const frames: PackedProfile['frames'] = { name: [], file: [], line: [], column: [], kind: [] };
  const nodes: PackedProfile['nodes'] = { frame: [], parent: [], selfUs: [] };
  profile.nodes.forEach((node, index) => {
    const parent = node.parent < 0 ? -1 : (keptAs[node.parent] ?? -1);
    if (parent >= 0 && (totalUs[index] ?? 0) < minUs) {
      keptAs.push(parent);
      nodes.selfUs[parent] = (nodes.selfUs[parent] ?? 0) + node.selfUs;
      return;
    }
    let frame = frameAs.get(node.frame);
    if (frame === undefined) {
      const { name, file, line, column } = profile.frames[node.frame] ?? {
        name: '',
        file: '',
        line: 0,
        column: 0,
      };
      frame = frames.name.push(name) - 1;
      frames.file.push(file);
      frames.line.push(line);
      frames.column.push(column);
      frames.kind.push(frameKind({ name, file }));
      frameAs.set(node.frame, frame);
    }
    keptAs.push(nodes.frame.push(frame) - 1);
    nodes.parent.push(parent);
    nodes.selfUs.push(node.selfUs);
  });
  const samples = keepSamples ? profile.samples : [];
  return {
    name: profile.name,
    startMs: profile.startMs,
    endMs: profile.endMs,
    intervalUs: profile.intervalUs,
    frames,
    nodes,
    samples: {
      node: samples.map(({ node }) => keptAs[node] ?? 0),
      deltaUs: samples.map(({ deltaUs }) => deltaUs),
    },
  };
}

/** Self time of each node and of all below it. Parents come before children, so one pass from the end does. */
function totalsOf(profile: Profile): number[] {
  const totals = profile.nodes.map((node) => node.selfUs);
  for (let index = totals.length - 1; index > 0; index -= 1) {
    const parent = profile.nodes[index]?.parent ?? -1;
    if (parent >= 0) totals[parent] = (totals[parent] ?? 0) + (totals[index] ?? 0);
  }
  return totals;
}
