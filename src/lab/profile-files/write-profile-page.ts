import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { embedInPage, readConsolePage } from '../console-page.ts';
import type { ProfilePageData } from '../profile/profile-set.ts';
import { toMaskedJson } from '../timeline/mask-json.ts';
import { writeAtomically } from '../timeline/write-atomically.ts';

/**
 * Writes profiles, or the difference of two sets, as one page that opens offline. Throws GaugewayError usage when the
 * file cannot be written, config_invalid when the page was not built.
 */
export async function writeProfilePage(path: string, data: ProfilePageData): Promise<void> {
  const app = await readConsolePage('profile');
  const html = embedInPage(app, 'profile-data', `${data.title} · Gaugeway`, JSON.parse(toMaskedJson(data)));
  try {
    await writeAtomically(path, html);
  } catch (cause) {
    throw new GaugewayError('usage', `the page cannot be written: ${messageOf(cause)}`, { cause });
  }
}
