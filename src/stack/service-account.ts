import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { GaugewayError } from '../shared/errors.ts';

const run = promisify(execFile);

/** An unprivileged operating system account that a child process is started under. */
export interface ServiceAccount {
  name: string;
  uid: number;
  gid: number;
}

/** Accounts that every Linux or macOS has and that own no files; the first one found is taken. */
const unprivilegedNames = ['nobody', 'daemon', 'bin'];

/** setuid through libuv takes a signed 32-bit id; macOS gives `nobody` the id 2^32 - 2. */
const maxUid = 2 ** 31 - 1;

/**
 * The account to start PostgreSQL under, which refuses uid 0; undefined when we are not root and simply stay who
 * we are. `preferredUid` is the owner of the folder we work in: with it, root leaves nothing behind that this
 * owner cannot use. Throws GaugewayError config_invalid when the system has no such account.
 */
export async function chooseServiceAccount(preferredUid: number): Promise<ServiceAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const candidate of [String(preferredUid), ...unprivilegedNames]) {
    const account = await lookUp(candidate);
    if (account !== undefined && account.uid > 0 && account.uid <= maxUid) return account;
  }
  throw new GaugewayError(
    'config_invalid',
    `PostgreSQL does not run as root, and none of the accounts ${unprivilegedNames.join(', ')} exists here; give a database with --pg DSN or start gaugeway as another user`,
  );
}

/** `id` asks the name service, so that directory accounts are found, and ids without an account are not. */
async function lookUp(nameOrUid: string): Promise<ServiceAccount | undefined> {
  try {
    const [name, uid, gid] = await Promise.all(
      ['-nu', '-u', '-g'].map(async (flag) => (await run('id', [flag, nameOrUid])).stdout.trim()),
    );
    if (name === undefined || /^\d+$/.test(name)) return undefined;
    return { name, uid: Number(uid), gid: Number(gid) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'number') return undefined;
    throw error;
  }
}

/**
 * Whether `account` can enter `folder`: the search bit of the folder and of every folder above it. A process
 * started with a uid has no supplementary groups, so owner, group and others are all that counts.
 * `folder` must be a real path (no symbolic links).
 */
export async function canEnter(folder: string, account: ServiceAccount): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const searchBit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & searchBit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

/** The uid and gid for a child process; empty when it runs as the current user. */
export function runAs(account: ServiceAccount | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}
