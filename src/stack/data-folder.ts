import { randomUUID } from 'node:crypto';
import { chown, link, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import { GaugewayError } from '../shared/errors.ts';
import { isAlive, processStartMark } from './process-identity.ts';
import { hasErrorCode } from '../shared/system-error.ts';

const ownerRecord = z.object({ pid: z.int().positive(), startMark: z.string() });
type OwnerRecord = z.infer<typeof ownerRecord>;

/**
 * The folder that holds everything of an embedded stack (`GAUGEWAY_DATA`). What root creates directly in it gets
 * the folder's own owner, so that a checkout's owner can go on using it without root.
 */
export class DataFolder {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;

  private constructor(path: string, uid: number, gid: number) {
    this.path = path;
    this.uid = uid;
    this.gid = gid;
  }

  /** Opens the folder, made when absent. Throws GaugewayError config_invalid when that is not possible. */
  static async open(folder: string): Promise<DataFolder> {
    try {
      const wanted = resolve(folder);
      const firstMade = await mkdir(wanted, { recursive: true });
      if (firstMade !== undefined) await giveToOwnerAbove(firstMade, wanted);
      const path = await realpath(wanted);
      const { uid, gid } = await stat(path);
      return new DataFolder(path, uid, gid);
    } catch (error) {
      throw new GaugewayError(
        'config_invalid',
        `cannot use the data folder ${folder}; set GAUGEWAY_DATA to a folder that this user may write`,
        { cause: error },
      );
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.file(name), 'utf8');
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  /** Replaces a file as a whole, readable by its owner only. */
  async write(name: string, text: string): Promise<void> {
    await rename(await this.#writeNew(`${name}.${randomUUID()}`, text), this.file(name));
  }

  /**
   * Takes the folder's lock for this process and returns its release. The lock names the process and when it
   * started, so that one left behind by a killed process does not count. Throws GaugewayError conflict while a
   * living process holds it.
   */
  async lock(name: string): Promise<() => Promise<void>> {
    const lockFile = this.file(name);
    const record = JSON.stringify({
      pid: process.pid,
      startMark: (await processStartMark(process.pid)) ?? '',
      id: randomUUID(),
    });
    const candidate = await this.#writeNew(`${name}.${randomUUID()}`, record);
    try {
      // A link appears with its whole content or not at all, and only for one of several contenders.
      while (!(await tryLink(candidate, lockFile))) await this.#removeStaleLock(name);
    } finally {
      await rm(candidate, { force: true });
    }
    return async () => {
      if ((await this.read(name)) === record) await rm(lockFile, { force: true });
    };
  }

  async #removeStaleLock(name: string): Promise<void> {
    const text = await this.read(name);
    if (text === undefined) return;
    const holder = parseOwner(text);
    if (holder !== undefined && (await isRunning(holder))) {
      throw new GaugewayError(
        'conflict',
        `the data folder ${this.path} is in use by gaugeway with pid ${holder.pid}; stop it, or set GAUGEWAY_DATA to another folder`,
      );
    }
    const aside = this.file(`${name}.${randomUUID()}`);
    try {
      await rename(this.file(name), aside);
    } catch (error) {
      if (hasErrorCode(error, 'ENOENT')) return;
      throw error;
    }
    // Another starter may have replaced the stale lock since it was read: then it goes back.
    if ((await readFile(aside, 'utf8')) !== text) await tryLink(aside, this.file(name));
    await rm(aside, { force: true });
  }

  async #writeNew(name: string, text: string): Promise<string> {
    const path = this.file(name);
    const handle = await open(path, 'wx', 0o600);
    try {
      if (process.getuid?.() === 0) await handle.chown(this.uid, this.gid);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    return path;
  }
}

async function giveToOwnerAbove(first: string, last: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(first));
  let path = first;
  await chown(path, uid, gid);
  for (const part of last.slice(first.length).split(sep).filter(Boolean)) {
    path = join(path, part);
    await chown(path, uid, gid);
  }
}

async function tryLink(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function isRunning(holder: OwnerRecord): Promise<boolean> {
  return isAlive(holder.pid) && (await processStartMark(holder.pid)) === holder.startMark;
}

/** A lock that cannot be read was cut off by a crash of the machine: nobody holds it. */
function parseOwner(text: string): OwnerRecord | undefined {
  try {
    return ownerRecord.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
