import type { FrameKind } from '../../lab/diagnose/computed/frame-kind.ts';
import type { PackedProfile } from '../../lab/report/pack-profile.ts';
import type { Frame, Profile } from '../../lab/profile/profile.ts';

/** Back from columns to the one model of a profile. */
export function unpackProfile(packed: PackedProfile): Profile {
  const { frames, nodes, samples } = packed;
  return {
    name: packed.name,
    startMs: packed.startMs,
    endMs: packed.endMs,
    intervalUs: packed.intervalUs,
    frames: frames.name.map((name, index) => ({
      name,
      file: frames.file[index] ?? '',
      line: frames.line[index] ?? 0,
      column: frames.column[index] ?? 0,
    })),
    nodes: nodes.frame.map((frame, index) => ({
      frame,
      parent: nodes.parent[index] ?? -1,
      selfUs: nodes.selfUs[index] ?? 0,
    })),
    samples: samples.node.map((node, index) => ({ node, deltaUs: samples.deltaUs[index] ?? 0 })),
  };
}

/** Whose code each frame is, as the lab classed it when it packed the profiles. */
export function frameKinds(profiles: readonly PackedProfile[]): (frame: Frame) => FrameKind {
  const kinds = new Map<string, FrameKind>();
  for (const { frames } of profiles) {
    frames.kind.forEach((kind, index) => kinds.set(`${frames.name[index]}\n${frames.file[index]}`, kind));
  }
  return ({ name, file }) => kinds.get(`${name}\n${file}`) ?? 'runtime';
}
