import { rename, writeFile } from 'node:fs/promises';

/** Replaces a file as a whole: whoever reads it meanwhile, or after a kill, finds the old one or the new one. */
export async function writeAtomically(path: string, text: string | Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  await writeFile(draft, text);
  await rename(draft, path);
}
