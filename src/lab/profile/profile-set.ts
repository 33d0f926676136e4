import type { PackedProfile } from './pack-profile.ts';
import type { Profile } from './profile.ts';

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
