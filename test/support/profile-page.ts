import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { embedInPage, readConsolePage } from '../../src/lab/console-page.ts';
import { packProfile } from '../../src/lab/profile/pack-profile.ts';
import type { Profile } from '../../src/lab/profile/profile.ts';
import type { ProfilePageData } from '../../src/lab/profile/profile-set.ts';

/** Writes the page of some profiles, nothing of them left out, and gives its URL. */
export async function writeProfiles(
  file: string,
  title: string,
  profiles: Record<string, Profile>,
  before?: Record<string, Profile>,
): Promise<string> {
  const data: ProfilePageData = {
    title,
    facts: ['Taken at 100 samples a second for 30 s.'],
    parts: partsOf(profiles),
    ...(before ? { before: { title: 'the run before', parts: partsOf(before) } } : {}),
  };
  const page = embedInPage(await readConsolePage('profile'), 'profile-data', title, data);
  await writeFile(file, page);
  return pathToFileURL(file).href;
}

function partsOf(profiles: Record<string, Profile>): ProfilePageData['parts'] {
  return Object.entries(profiles).map(([label, profile]) => ({
    label,
    profile: packProfile(profile, { minShare: 0, keepSamples: true }),
  }));
}
