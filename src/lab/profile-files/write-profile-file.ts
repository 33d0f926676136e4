import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { writeAtomically } from '../timeline/write-atomically.ts';
import { pageDataOf } from '../profile/page-data.ts';
import { mergeParts, type ProfileSet } from '../profile/profile-set.ts';
import { toCpuProfile } from '../profile/to-cpuprofile.ts';
import { toFolded } from '../profile/to-folded.ts';
import { toHeapProfile } from '../profile/to-heapprofile.ts';
import { toPprof } from '../profile/to-pprof.ts';
import { toSpeedscope } from '../profile/to-speedscope.ts';
import { toSvg } from '../profile/to-svg.ts';
import { maskSet } from './mask-set.ts';
import { writeProfilePage } from './write-profile-page.ts';

/** What a set becomes, by how the file's name ends; the first ending that fits. */
const formats: readonly { ending: string; content: (set: ProfileSet) => Promise<string | Uint8Array> }[] = [
  { ending: '.svg', content: async (set) => toSvg(set) },
  { ending: '.speedscope.json', content: async (set) => JSON.stringify(toSpeedscope(set)) },
  { ending: '.pb.gz', content: (set) => promisify(gzip)(toPprof(set)) },
  { ending: '.pb', content: async (set) => toPprof(set) },
  { ending: '.cpuprofile', content: async (set) => JSON.stringify(toCpuProfile(mergeParts(set))) },
  { ending: '.heapprofile', content: async (set) => heapProfile(set) },
  { ending: '.folded', content: async (set) => toFolded(set) },
  { ending: '.txt', content: async (set) => toFolded(set) },
];

/** How the names of files end that profiles are written to. */
export const profileEndings: readonly string[] = ['.html', ...formats.map(({ ending }) => ending)];

/** Whether a profile can be written to a file of this name. Throws GaugewayError usage, which lists the endings. */
export function checkProfileEnding(path: string): void {
  if (profileEndings.some((ending) => path.toLowerCase().endsWith(ending))) return;
  throw new GaugewayError(
    'usage',
    `${path} names no format of profiles: let it end in ${profileEndings.join(', ')}`,
  );
}

/**
 * Writes profiles in the format that the file's name ends in; the file is replaced as a whole. Throws GaugewayError
 * usage for another ending, a format that cannot hold the set, or a file that cannot be written.
 */
export async function writeProfileFile(path: string, set: ProfileSet): Promise<void> {
  checkProfileEnding(path);
  const format = formats.find(({ ending }) => path.toLowerCase().endsWith(ending));
  if (format === undefined) {
    await writeProfilePage(path, pageDataOf(set));
    return;
  }
  const content = await format.content(maskSet(set));
  try {
    await writeAtomically(path, content);
  } catch (cause) {
    throw new GaugewayError('usage', `the profile cannot be written: ${messageOf(cause)}`, { cause });
  }
}

function heapProfile(set: ProfileSet): string {
  const merged = mergeParts(set);
  if (merged.unit === 'bytes') return toHeapProfile(merged);
  throw new GaugewayError('usage', 'a .heapprofile holds bytes, and this is a profile of time');
}
