import type { Frame, Profile } from '../../profile/profile.ts';
import { labSource } from './protocol-session.ts';

/** What the lab itself runs in a process, under its own name. */
const labFrame: Frame = { name: '(gaugeway profiler)', file: labSource, line: 0, column: 0 };

/**
 * The profile of a process with what the lab ran in it in one place beside the program's own: an inspector interrupts
 * whatever runs, which would be charged for it.
 */
export function labApart(profile: Profile): Profile {
  const isLab = profile.frames.map(({ file }) => file === labSource);
  const inLab: boolean[] = [];
  for (const { frame, parent } of profile.nodes) inLab.push(isLab[frame] === true || inLab[parent] === true);
  if (!inLab.includes(true)) return profile;
  const labNode = profile.nodes.length;
  const ofLab = profile.nodes.reduce((sum, { self }, at) => sum + (inLab[at] === true ? self : 0), 0);
  return {
    ...profile,
    frames: [...profile.frames, labFrame],
    nodes: [
      ...profile.nodes.map((node, at) => (inLab[at] === true ? { ...node, self: 0 } : node)),
      { frame: profile.frames.length, parent: 0, self: ofLab },
    ],
    samples: profile.samples.map((sample) =>
      inLab[sample.node] === true ? { ...sample, node: labNode } : sample,
    ),
  };
}
