import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Replaces a file as a whole: whoever reads it meanwhile, or after a kill, finds the old one or the new one. Nobody can
 * guess the name of the draft and lay a link there; a draft that cannot be written or renamed is removed.
 */
export async function writeAtomically(path: string, text: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
