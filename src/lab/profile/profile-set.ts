import { GaugewayError } from '../../shared/errors.ts';
import { mergeProfiles } from './merge-profiles.ts';
import type { PackedProfile } from './pack-profile.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { Frame, Profile, ProfileUnit } from './profile.ts';

/** Profiles that were taken together: what a profile file holds, and what a page shows one by one or merged. */
export interface ProfileSet {
  /** E.g. `gateway (pid 4711)`. */
  title: string;
  /** How they were taken, in sentences for the reader: profiler, rate, duration, cost. */
  facts: string[];
  /** One for each process and thread, named so. */
  parts: { label: string; profile: Profile }[];
}

/** The `profile-data` of the page that shows a set, or the difference of two. */
export interface ProfilePageData {
  title: string;
  facts: string[];
  parts: { label: string; profile: PackedProfile }[];
  /** What `parts` are compared with. */
  before?: { title: string; parts: { label: string; profile: PackedProfile }[] };
}

/** One profile as the set that holds only it. */
export function asSet(source: Profile | ProfileSet): ProfileSet {
  if (!('nodes' in source)) return source;
  return { title: source.name, facts: [], parts: [{ label: source.name, profile: source }] };
}

/** What all parts weigh. Throws GaugewayError usage when they weigh time and bytes. */
export function unitOf({ parts, title }: ProfileSet): ProfileUnit {
  const unit = parts[0]?.profile.unit ?? 'microseconds';
  if (parts.every(({ profile }) => profile.unit === unit)) return unit;
  throw new GaugewayError('usage', `${title} holds profiles of time and of bytes, which do not add up`);
}

/** All parts laid over each other. Throws as {@link unitOf}. */
export function mergeParts(set: ProfileSet): Profile {
  unitOf(set);
  const [only] = set.parts;
  if (only !== undefined && set.parts.length === 1) return only.profile;
  return mergeProfiles(
    set.parts.map(({ profile }) => profile),
    set.title,
  );
}

/** All parts in one tree, each below a frame of its label where there are several. Throws as {@link unitOf}. */
export function stackParts(set: ProfileSet): Profile {
  const unit = unitOf(set);
  const [only] = set.parts;
  if (only !== undefined && set.parts.length === 1) return only.profile;
  const tree = new ProfileBuilder(set.title);
  for (const { label, profile } of set.parts) {
    const top = tree.child(0, tree.frame({ name: label, file: '', line: 0, column: 0 }));
    const frameAt = profile.frames.map((frame) => tree.frame(frame));
    const nodeAt: number[] = [];
    for (const { frame, parent } of profile.nodes) {
      const isRoot = parent < 0 && profile.frames[frame]?.name === '(root)';
      const above = parent < 0 ? top : (nodeAt[parent] ?? top);
      nodeAt.push(isRoot ? top : tree.child(above, frameAt[frame] ?? 0));
    }
    profile.nodes.forEach(({ self }, index) => tree.add(nodeAt[index] ?? top, self));
  }
  return tree.build({
    unit,
    order: 'none',
    interval: Math.max(0, ...set.parts.map(({ profile }) => profile.interval)),
    startMs: Math.min(...set.parts.map(({ profile }) => profile.startMs)),
    endMs: Math.max(...set.parts.map(({ profile }) => profile.endMs)),
  });
}

/** The samples of a profile, or of one that lost them one for each stack. */
export function weightsOf({ samples, nodes }: Profile): Profile['samples'] {
  if (samples.length > 0) return samples;
  return nodes.flatMap(({ self }, node) => (self > 0 ? [{ node, weight: self }] : []));
}

/** A frame that the profile does not hold, which no writer must fail of. */
export const unknownFrame: Frame = { name: '', file: '', line: 0, column: 0 };
