import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { withoutReferences } from '../../config/stack-file.ts';
import { readProcFile } from '../../shared/proc-files.ts';
import { errorCode } from '../../shared/system-error.ts';
import { embeddedName, passwordFile } from '../postgres-cluster.ts';
import { askPostgres } from './ask-postgres.ts';
import { readForeignFile } from './read-foreign-file.ts';
import { isOnThisMachine, portOf, whyNotSent } from './secret-reach.ts';
import { environmentOf, type LocalProcess, socketsOf, userOf, workingFolderOf } from './local-processes.ts';
import { changedUrl, type FileEntry, type SecretUrl, type Unreached } from './found.ts';

/** A PostgreSQL server of this machine: its first process, and how it is reached. */
export interface LocalPostgres {
  pid: number;
  parentPid: number;
  port: number;
  dataDirectory?: string;
  /** Folders of its Unix sockets. */
  socketFolders: string[];
  /** Whether its sockets are shown to us. */
  visible: boolean;
}

/** A DSN to try, as it is used and as the file says it. */
interface Candidate extends SecretUrl {
  how: string;
  /** Users who may have it beside its owner: the one under whom its owner runs the server. */
  others?: readonly number[];
}

/** What became of the attempts to get in. */
export interface PostgresAccess {
  version?: string;
  entry: FileEntry;
  /** Of the DSN that worked. */
  secret?: SecretUrl;
  unreached?: Unreached;
}

/** The server behind a postmaster's process; its backends, whose titles begin with `postgres:`, are none. */
export async function localPostgres(
  process: LocalProcess,
  all: readonly LocalProcess[],
): Promise<LocalPostgres | undefined> {
  const parent = all.find(({ pid }) => pid === process.parentPid);
  if (process.commandLine.startsWith('postgres: ') || parent?.programs[0] === process.programs[0])
    return undefined;
  const { pid, parentPid, words, commandLine } = process;
  const dataDirectory = /(?:^| )-D ?(\S+)/.exec(commandLine)?.[1] ?? (await workingFolderOf(pid));
  const sockets = await socketsOf(pid);
  const port =
    (await portInPidFile(dataDirectory)) ??
    sockets?.[0]?.port ??
    Number(/(?:^| )(?:-p ?|-c port=|--port=)(\d+)/.exec(words.join(' '))?.[1] ?? 5432);
  return {
    pid,
    parentPid,
    port,
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
    socketFolders: await socketFolders(port),
    visible: sockets !== undefined,
  };
}

/**
 * Tries to get in with what is at hand: the password of an embedded server in its data folder, the DSN that a gateway
 * was given for this server, and then without a password over the Unix sockets and loopback.
 */
export async function accessPostgres(
  server: LocalPostgres,
  processes: readonly LocalProcess[],
  given: readonly SecretUrl[],
): Promise<PostgresAccess> {
  const candidates: Candidate[] = [
    ...(await embeddedCandidates(server, processes)),
    ...given.map((secret) => ({ ...secret, how: secret.variable?.meaning ?? 'the DSN of the gateway' })),
    ...(await openCandidates(server)),
  ];
  const refusals: string[] = [];
  for (const candidate of candidates) {
    const { url: dsn, owner, others: more = [] } = candidate;
    const bare = owner === undefined;
    const unsent = await whyNotSent(dsn, 5432, [owner ?? process.getuid?.() ?? -1, ...more]);
    if (unsent !== undefined && (!bare || !isOnThisMachine(dsn))) {
      refusals.push(`${new URL(dsn).username || 'nobody'}: ${unsent}`);
      continue;
    }
    const answer = await askPostgres(dsn, unsent !== undefined);
    if ('refused' in answer) {
      refusals.push(`${new URL(candidate.url).username || 'nobody'}: ${answer.refused}`);
      continue;
    }
    const wanted = answer.database === 'postgres' ? (answer.databases[0] ?? 'postgres') : answer.database;
    const others = answer.databases.filter((name) => name !== wanted);
    return {
      version: answer.version,
      secret: candidate,
      entry: {
        value: changedUrl(candidate, (url) => {
          url.pathname = `/${encodeURIComponent(wanted)}`;
        }).reference,
        comments: [
          `PostgreSQL ${answer.version}, process ${server.pid}; got in with ${candidate.how}`,
          ...(others.length === 0 ? [] : [`other databases: ${others.join(', ')}`]),
        ],
        usable: true,
      },
    };
  }
  const why = [...new Set(refusals)].slice(0, 3).join('; ');
  return {
    entry: {
      value:
        given[0]?.reference ??
        `postgresql://gaugeway_lab:\${GAUGEWAY_PG_PASSWORD}@127.0.0.1:${server.port}/postgres`,
      comments: [
        `a PostgreSQL listens on port ${server.port} (process ${server.pid}), but did not let us in`,
        'name a role with pg_monitor and its database, set the variable, and take away the #',
      ],
      usable: false,
    },
    unreached: {
      what: `PostgreSQL on port ${server.port} (pid ${server.pid})`,
      why,
      remedy: "CREATE ROLE gaugeway_lab LOGIN PASSWORD '…' IN ROLE pg_monitor;",
    },
  };
}

/** Whether a DSN names this server. */
export function namesServer(dsn: string, port: number): boolean {
  return isOnThisMachine(dsn) && portOf(dsn, 5432) === port;
}

async function embeddedCandidates(
  server: LocalPostgres,
  processes: readonly LocalProcess[],
): Promise<Candidate[]> {
  const parent = processes.find(({ pid }) => pid === server.parentPid);
  const ofParent = parent === undefined ? [] : await dataFolders(parent);
  const folders = [
    ...ofParent,
    ...(server.dataDirectory === undefined ? [] : [dirname(dirname(server.dataDirectory))]),
  ];
  for (const folder of folders) {
    const file = join(folder, passwordFile);
    // A reference cannot name a path with braces.
    if (/[{}]/.test(file)) continue;
    const password = await readIfPossible(file);
    if (password === undefined) continue;
    const owner = (await stat(file)).uid;
    // A Gaugeway of root runs its database under another user: as its child, that is the server the password is of.
    const child = parent?.uid === owner && ofParent.includes(folder) ? await userOf(server.pid) : undefined;
    const dsn = (secret: string): string =>
      `postgresql://${embeddedName}:${secret}@127.0.0.1:${server.port}/${embeddedName}`;
    return [
      {
        url: dsn(password.trim()),
        reference: dsn(`\${file:${file}}`),
        owner,
        ...(child === undefined ? {} : { others: [child] }),
        how: 'the password of the embedded server; its port changes with every start',
      },
    ];
  }
  return [];
}

/** Where a Gaugeway keeps its data: as it was told, or beside where it was started. */
async function dataFolders({ pid, words }: LocalProcess): Promise<string[]> {
  const folder = await workingFolderOf(pid);
  if (folder === undefined) return [];
  const at = words.indexOf('--data');
  const told =
    words.find((word) => word.startsWith('--data='))?.slice('--data='.length) ??
    (at < 0 ? undefined : words[at + 1]) ??
    (await environmentOf(pid))?.get('GAUGEWAY_DATA') ??
    '.gaugeway';
  const data = resolve(folder, told);
  // Those of runs lie in folders of their own within it.
  return [data, ...['session', 'capacity', 'load'].map((name) => join(data, name))];
}

/** What needs no secret of ours. PGPASSWORD and the password file count as none: every later command has them, too. */
async function openCandidates({ port, socketFolders: folders }: LocalPostgres): Promise<Candidate[]> {
  const users = [...new Set([process.env['PGUSER'] ?? userInfo().username, 'postgres'])];
  const hosts = [
    ...folders.map((folder) => ({ query: `?host=${folder}`, place: `the Unix socket in ${folder}` })),
    { query: '', place: 'loopback' },
  ];
  return hosts.flatMap(({ query, place }) =>
    users.map((user) => {
      const host = query === '' ? '127.0.0.1' : 'localhost';
      const url = `postgresql://${encodeURIComponent(user)}@${host}:${port}/postgres${query}`;
      return {
        url,
        reference: withoutReferences(url),
        how: `the role ${user} over ${place}, without a password of ours`,
      };
    }),
  );
}

/** postmaster.pid: line 4 is the port (miscadmin.h, LOCK_FILE_LINE_PORT). */
async function portInPidFile(dataDirectory: string | undefined): Promise<number | undefined> {
  if (dataDirectory === undefined) return undefined;
  const line = (await readIfPossible(join(dataDirectory, 'postmaster.pid')))?.split('\n')[3];
  const port = Number(line);
  return port > 0 ? port : undefined;
}

/** The kernel tells everybody the paths of the Unix sockets. */
async function socketFolders(port: number): Promise<string[]> {
  const text = await readProcFile(process.pid, 'net/unix');
  const found = [...text.matchAll(/ (\/\S*)\/\.s\.PGSQL\.(\d+)$/gm)].filter(
    (match) => Number(match[2]) === port,
  );
  return [...new Set(found.map((match) => match[1] ?? ''))];
}

/** Undefined where there is no such file, or where it is not ours to read. */
async function readIfPossible(file: string): Promise<string | undefined> {
  try {
    return await readForeignFile(file);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}
