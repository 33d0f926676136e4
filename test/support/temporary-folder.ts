import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test, removed when it is disposed of: `await using folder = await temporaryFolder()`. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** A new folder in `parent`, whose name begins with `name`: a test that is tried again does not find its first run. */
export function emptyFolder(parent: string, name: string): Promise<string> {
  return mkdtemp(join(parent, `${name}-`));
}

/** Made in `parent`, by default the system's folder for that. Everybody may pass through it, but not list it. */
export async function temporaryFolder(parent: string = tmpdir()): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(parent, 'gaugeway-test-')));
  // As root, an embedded PostgreSQL runs under another account, which has to get in.
  await chmod(path, 0o711);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
