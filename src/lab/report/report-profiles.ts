import { gzipSync } from 'node:zlib';
import type { Artifacts } from '../diagnose/artifacts.ts';
import { mergeProfiles } from '../profile/merge-profiles.ts';
import { type PackDetail, type PackedProfile, packProfile } from '../profile/pack-profile.ts';

type TakenProfile = Artifacts['profiles'][number];

/** How much of its profiles a report holds. */
export interface ProfileDetail extends PackDetail {
  /** The windows of a thread that begin in the same stretch of this length become one; absent for none. */
  joinedMs?: number;
}

/** A profile window, or several of one thread that follow each other; `files` are the whole ones in the bundle. */
export type ReportProfile = Omit<TakenProfile, 'file' | 'profile'> & {
  files: string[];
  profile: PackedProfile;
};

/** The profiles of a run as a report of this detail holds them. Pure. */
export function reportProfiles(windows: readonly TakenProfile[], detail: ProfileDetail): ReportProfile[] {
  return groupsOf(windows, detail).map((group) => join(group, detail));
}

/** So many of the profiles stand for all when their size is estimated. */
const estimatedOf = 8;

/** About how many bytes of compressed JSON {@link reportProfiles} are, without packing all of them. Pure. */
export function estimateBytes(windows: readonly TakenProfile[], detail: ProfileDetail): number {
  const groups = groupsOf(windows, detail);
  const step = Math.max(1, Math.floor(groups.length / estimatedOf));
  const some = groups.filter((_, at) => at % step === 0);
  const bytes = gzipSync(JSON.stringify(some.map((group) => join(group, detail)))).length;
  return some.length === 0 ? 0 : (bytes / some.length) * groups.length;
}

function groupsOf(windows: readonly TakenProfile[], { joinedMs }: ProfileDetail): TakenProfile[][] {
  if (joinedMs === undefined) return windows.map((window) => [window]);
  const originMs = Math.min(...windows.map(({ startMs }) => startMs));
  const stretch = ({ startMs }: TakenProfile): number => Math.floor((startMs - originMs) / joinedMs);
  const groups = Map.groupBy(windows, (window) =>
    [window.target, window.thread, window.profiler, stretch(window)].join('\n'),
  );
  return [...groups.values()];
}

function join(group: readonly TakenProfile[], detail: ProfileDetail): ReportProfile {
  const [first] = group;
  if (first === undefined) throw new RangeError('a group of windows has at least one');
  const { file: _file, profile: _profile, ...window } = first;
  const profile =
    group.length === 1
      ? first.profile
      : mergeProfiles(
          group.map(({ profile: whole }) =>
            detail.keepSamples ? whole : { ...whole, order: 'none', samples: [] },
          ),
          first.profile.name,
        );
  return {
    ...window,
    endMs: Math.max(...group.map(({ endMs }) => endMs)),
    files: group.map(({ file }) => file),
    profile: packProfile(profile, detail),
  };
}
