import { resolve } from 'node:path';
import { withoutReferences } from '../../config/stack-file.ts';
import { messageOf } from '../../shared/errors.ts';
import { errorCode } from '../../shared/system-error.ts';
import { askPgBouncer } from './ask-postgres.ts';
import { whyNotSent } from './secret-reach.ts';
import { changedUrl, type FileEntry, type SecretUrl, type Unreached } from './found.ts';
import { readForeignFile } from './read-foreign-file.ts';
import { parseIni } from './ini-file.ts';
import { type LocalProcess, socketsOf, workingFolderOf } from './local-processes.ts';

/** A PgBouncer of this machine, as its ini file describes it. */
export interface LocalPgBouncer {
  pid: number;
  port: number;
  iniFile: string;
  /** Why the ini file could not be read. */
  unreadable?: string;
  socketFolder?: string;
  authType: string;
  /** Users that may read its statistics. */
  users: string[];
  /** Ports of loopback at which its servers are. */
  serverPorts: number[];
  visible: boolean;
}

const defaultPort = 6432;

/** Reads the ini file that the command line names; `root` is the root folder of a container. */
export async function localPgBouncer({ pid, words }: LocalProcess, root = ''): Promise<LocalPgBouncer> {
  const named = words.slice(1).find((word) => word.endsWith('.ini')) ?? '/etc/pgbouncer/pgbouncer.ini';
  const iniFile = `${root}${resolve((await workingFolderOf(pid)) ?? '/', named)}`;
  const sockets = await socketsOf(pid);
  const base = { pid, iniFile, visible: sockets !== undefined };
  let text: string;
  try {
    text = await readForeignFile(iniFile);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    const port = sockets?.[0]?.port ?? defaultPort;
    return { ...base, port, unreadable: messageOf(error), authType: '', users: [], serverPorts: [] };
  }
  const sections = parseIni(text);
  const settings = sections.get('pgbouncer');
  const list = (name: string): string[] =>
    (settings?.get(name) ?? '')
      .split(',')
      .map((user) => user.trim())
      .filter((user) => user !== '');
  const socketFolder = settings?.get('unix_socket_dir') ?? '/tmp';
  const servers = [...(sections.get('databases')?.values() ?? [])].filter(
    (line) => !/\bhost\s*=/.test(line) || /\bhost\s*=\s*'?(localhost|127\.[\d.]+|\/)/.test(line),
  );
  return {
    ...base,
    port: Number(settings?.get('listen_port') ?? sockets?.[0]?.port ?? defaultPort),
    ...(socketFolder === '' ? {} : { socketFolder }),
    authType: settings?.get('auth_type') ?? 'md5',
    users: [...list('stats_users'), ...list('admin_users')],
    serverPorts: servers.map((line) => Number(/\bport\s*=\s*'?(\d+)/.exec(line)?.[1] ?? 5432)),
  };
}

/** Tries to read its statistics: as its own system user, as a user that needs no password, and as the gateway's. */
export async function accessPgBouncer(
  bouncer: LocalPgBouncer,
  given: readonly SecretUrl[],
): Promise<{ version?: string; entry: FileEntry; secret?: SecretUrl; unreached?: Unreached }> {
  const { port, socketFolder, users, authType, pid, iniFile } = bouncer;
  const console = (user: string, query = ''): SecretUrl => {
    const url = `postgresql://${encodeURIComponent(user)}@${query === '' ? '127.0.0.1' : 'localhost'}:${port}/pgbouncer${query}`;
    return { url, reference: withoutReferences(url) };
  };
  const open = authType === 'any' || authType === 'trust' ? users.map((user) => console(user)) : [];
  const shared = given
    .filter(({ url }) => authType === 'any' || users.includes(decodeURIComponent(new URL(url).username)))
    .map((secret) =>
      changedUrl(secret, (url) => {
        url.host = `127.0.0.1:${port}`;
        url.pathname = '/pgbouncer';
        url.search = '';
      }),
    );
  const own = socketFolder === undefined ? [] : [console('pgbouncer', `?host=${socketFolder}`)];
  const refusals: string[] = [];
  for (const candidate of [...shared, ...open, ...own]) {
    const unsent = await whyNotSent(candidate.url, defaultPort, [
      candidate.owner ?? process.getuid?.() ?? -1,
    ]);
    if (unsent !== undefined && candidate.owner !== undefined) {
      refusals.push(unsent);
      continue;
    }
    const answer = await askPgBouncer(candidate.url, unsent !== undefined);
    if ('refused' in answer) {
      refusals.push(answer.refused);
      continue;
    }
    return {
      version: answer.version,
      secret: candidate,
      entry: {
        value: candidate.reference,
        comments: [`${answer.version}, process ${pid}, ${iniFile}`],
        usable: true,
      },
    };
  }
  const why =
    bouncer.unreadable ??
    refusals[0] ??
    `none of its statistics users (${users.join(', ') || 'none'}) is known`;
  return {
    entry: {
      value: `postgresql://gaugeway_stats:\${GAUGEWAY_PGBOUNCER_PASSWORD}@127.0.0.1:${port}/pgbouncer`,
      comments: [
        `a PgBouncer listens on port ${port} (process ${pid}, ${iniFile}), but its console did not let us in`,
        'name one of its stats_users, set the variable, and take away the #',
      ],
      usable: false,
    },
    unreached: {
      what: `console of PgBouncer on port ${port} (pid ${pid})`,
      why,
      remedy: `in ${iniFile}: stats_users = gaugeway_stats, and a line for it in its auth_file; then RELOAD`,
    },
  };
}
