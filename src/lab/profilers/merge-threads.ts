import { mergeProfiles } from '../profile/merge-profiles.ts';
import type { ThreadProfile } from './profiler.ts';

/** Threads of one name and process, of several parts of a recording or of several processes, laid over each other. */
export function mergeThreads(threads: readonly ThreadProfile[]): ThreadProfile[] {
  const same = Map.groupBy(threads, ({ thread, pid }) => `${pid ?? ''} ${thread}`);
  return [...same.values()].flatMap((parts) => {
    const [first, ...more] = parts;
    if (first === undefined || more.length === 0) return parts;
    const profiles = parts.map(({ profile }) => profile);
    return [{ ...first, profile: mergeProfiles(profiles, first.profile.name) }];
  });
}
