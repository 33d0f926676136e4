import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import type { DataFolder } from './data-folder.ts';
import { stopOrphan } from './postmaster.ts';
import { sendSignal } from './process-identity.ts';
import { locatePostgresBinaries, serverEnvironment, type PostgresBinaries } from './postgres-binaries.ts';
import { canEnter, chooseServiceAccount, runAs, type ServiceAccount } from './service-account.ts';
import { hasErrorCode } from '../shared/system-error.ts';

/** The superuser of an embedded cluster, and the name of its application database. */
export const embeddedName = 'gaugeway';

/** Where clusters of data folders live that the service account cannot enter, one folder per data folder. */
const sharedStateFolder = '/var/lib/gaugeway';
/** In the data folder: the password of {@link embeddedName}, readable by its owner only. */
export const passwordFile = 'postgres-password';
const locationFile = 'postgres-location';

/** A database cluster on disk on which no server runs. */
export interface PostgresCluster {
  binaries: PostgresBinaries;
  /** Undefined: the server runs as the current user. */
  account: ServiceAccount | undefined;
  dataDirectory: string;
  password: string;
}

/**
 * Finds or makes the cluster of a data folder, whose lock the caller holds. It lies in `<folder>/postgres`, or,
 * when we are root and the service account cannot enter that, in /var/lib/gaugeway/<hash of the folder's path>,
 * with the file `postgres-location` in the data folder saying so. The password of its superuser stays in the data
 * folder, mode 0600. Ends a server that a killed gaugeway left on it. Throws GaugewayError config_invalid when
 * the cluster belongs to another user or PostgreSQL version, interrupted on `signal`.
 */
export async function prepareCluster(folder: DataFolder, signal?: AbortSignal): Promise<PostgresCluster> {
  const { home, account } = await placeHome(folder);
  const binaries = await locatePostgresBinaries(account);
  await mkdir(home, { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(home, account.uid, account.gid);
  await chmod(home, 0o700);

  const dataDirectory = join(home, 'data');
  await stopOrphan(dataDirectory);
  let password = await folder.read(passwordFile);
  const version = await versionOf(dataDirectory);
  if (version !== undefined && password === undefined) await forgetCluster(folder, home);
  else if (version !== undefined) {
    assertVersion(version, binaries.majorVersion, home);
    return { binaries, account, dataDirectory, password: password ?? '' };
  }
  if (password === undefined) {
    password = randomBytes(24).toString('base64url');
    await folder.write(passwordFile, password);
  }
  await initialise({ binaries, account, dataDirectory, password }, home, signal);
  return { binaries, account, dataDirectory, password };
}

async function placeHome(folder: DataFolder): Promise<{ home: string; account: ServiceAccount | undefined }> {
  const local = folder.file('postgres');
  const localUid = await ownerOf(local);
  const account = await chooseServiceAccount(localUid ?? folder.uid);
  if (account === undefined) {
    if (localUid !== undefined && localUid !== process.getuid?.()) {
      throw new GaugewayError(
        'config_invalid',
        `the database in ${local} belongs to another user (uid ${localUid}); set GAUGEWAY_DATA to another folder`,
      );
    }
    return { home: local, account };
  }
  const elsewhere = join(
    sharedStateFolder,
    createHash('sha256').update(folder.path).digest('hex').slice(0, 16),
  );
  if ((await folder.read(locationFile)) !== undefined) return { home: elsewhere, account };
  const foreign = folder.uid !== 0 && folder.uid !== account.uid;
  if (!foreign && (await canEnter(folder.path, account))) return { home: local, account };
  if (localUid !== undefined) {
    throw new GaugewayError(
      'config_invalid',
      `the account ${account.name} can no longer enter ${folder.path}, which holds its database; make the folder searchable or set GAUGEWAY_DATA`,
    );
  }
  await mkdir(sharedStateFolder, { recursive: true });
  await chmod(sharedStateFolder, 0o755);
  await folder.write(locationFile, `${elsewhere}\n`);
  return { home: elsewhere, account };
}

/**
 * A cluster without its password: outside the data folder that means that the data folder was removed since, and
 * the data with it; inside, only the password file is gone, and nothing is thrown away unasked.
 */
async function forgetCluster(folder: DataFolder, home: string): Promise<void> {
  if (home === folder.file('postgres')) {
    throw new GaugewayError(
      'config_invalid',
      `the database in ${home} has lost its password file ${folder.file(passwordFile)}; restore the file, or remove ${home} to start empty`,
    );
  }
  await rm(join(home, 'data'), { recursive: true, force: true });
}

function assertVersion(found: string, wanted: string, home: string): void {
  if (found === wanted) return;
  throw new GaugewayError(
    'config_invalid',
    `the database in ${home} was made by PostgreSQL ${found} and this is PostgreSQL ${wanted}; set GAUGEWAY_DATA to another folder, or remove ${home} to start empty`,
  );
}

/** initdb into a folder beside, then a rename: a cluster is whole or absent, wherever a kill strikes. */
async function initialise(cluster: PostgresCluster, home: string, signal?: AbortSignal): Promise<void> {
  for (const name of await readdir(home)) {
    if (name.startsWith('new-')) await rm(join(home, name), { recursive: true, force: true });
  }
  // Without PG_VERSION it is no cluster, so nothing is lost.
  await rm(cluster.dataDirectory, { recursive: true, force: true });
  const { account } = cluster;
  const fresh = join(home, `new-${randomUUID()}`);
  const secret = `${fresh}.secret`;
  await writeSecret(secret, cluster.password, account);
  try {
    const options = [
      `--pgdata=${fresh}`,
      `--username=${embeddedName}`,
      `--pwfile=${secret}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ];
    await runInitdb(cluster, options, signal);
    await rename(fresh, cluster.dataDirectory);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(secret, { force: true });
  }
}

/** initdb starts servers of its own, so an interrupt goes to its whole process group. */
async function runInitdb(cluster: PostgresCluster, options: string[], signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) throw new GaugewayError('interrupted', 'interrupted before making the database');
  const { dataDirectory, account, binaries } = cluster;
  const child = spawn(binaries.initdb, options, {
    ...runAs(account),
    cwd: dirname(dataDirectory),
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const interrupt = (): void => {
    if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL');
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    const [message, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]).catch(
      (error: unknown) => {
        throw new GaugewayError('unavailable', `cannot execute ${binaries.initdb}: ${messageOf(error)}`, {
          cause: error,
        });
      },
    );
    if (signal?.aborted) throw new GaugewayError('interrupted', 'interrupted while making the database');
    if (code === 0) return;
    const lines = message.trim().split('\n').slice(-3).join(' | ');
    throw new GaugewayError('unavailable', `initdb failed for ${dataDirectory}: ${lines || 'no message'}`);
  } finally {
    signal?.removeEventListener('abort', interrupt);
  }
}

async function writeSecret(path: string, secret: string, account: ServiceAccount | undefined): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(secret);
    if (account !== undefined) await handle.chown(account.uid, account.gid);
  } finally {
    await handle.close();
  }
}

async function versionOf(dataDirectory: string): Promise<string | undefined> {
  try {
    return (await readFile(join(dataDirectory, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).uid;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
