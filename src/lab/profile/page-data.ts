import { packProfile } from './pack-profile.ts';
import type { ProfilePageData, ProfileSet } from './profile-set.ts';

/** With more samples a page opens slowly; it keeps the sums of all stacks then, without their order. */
const mostSamples = 500_000;

/** A set as the data of its page; `before` is what it is compared with. */
export function pageDataOf(set: ProfileSet, before?: ProfileSet): ProfilePageData {
  const { title, facts } = set;
  return {
    title,
    facts,
    parts: packedParts(set),
    ...(before === undefined ? {} : { before: { title: before.title, parts: packedParts(before) } }),
  };
}

function packedParts({ parts }: ProfileSet): ProfilePageData['parts'] {
  return parts.map(({ label, profile }) => ({
    label,
    profile: packProfile(profile, { minShare: 0, keepSamples: profile.samples.length <= mostSamples }),
  }));
}
