import { type Command, Option } from 'commander';
import type { z } from 'zod';
import {
  readStackFile,
  sourceUrls,
  stackFileExists,
  stackFileName,
  type StackFile,
} from '../config/stack-file.ts';
import { GaugewayError } from '../shared/errors.ts';
import {
  processRoles,
  type ProcessRole,
  type StackSources,
  type WatchedContainer,
  type WatchedLog,
  type WatchedProcess,
} from '../shared/stack-description.ts';
import { defaultContainerSocket, resolveSources } from '../stack/resolve-stack.ts';

/** Sources of a stack by options of their own; a stack file names all of them at once. */
export interface SourceFlags {
  stack?: string | true;
  pg?: string;
  pgbouncer?: string;
  redis?: string;
  nginxStatus?: string;
  accessLog?: string;
  pid?: WatchedProcess[];
  container?: WatchedContainer[];
  containerSocket?: string;
  log?: WatchedLog[];
}

const roles = processRoles.join(', ');

/** Each kind of source with the options that name it. */
const options = {
  postgres: () => [new Option('--pg <dsn>', 'PostgreSQL; a role with pg_monitor suffices')],
  pgbouncer: () => [
    new Option('--pgbouncer <dsn>', "PgBouncer's admin console; one of its stats_users suffices"),
  ],
  redis: () => [new Option('--redis <url>', 'Redis or Valkey, e.g. redis://127.0.0.1:6379/0')],
  nginx: () => [
    new Option('--nginx-status <url>', "URL of nginx's stub_status"),
    new Option('--access-log <file>', 'access log of nginx'),
  ],
  process: () => [
    new Option(
      '--pid <[role=]pid>',
      `process to watch, repeatable or several with commas; roles: ${roles}`,
    ).argParser((text: string, before: WatchedProcess[] | undefined) => [
      ...(before ?? []),
      ...text.split(',').map(onePid),
    ]),
  ],
  container: () => [
    new Option('--container <[role=]name>', 'container to watch, repeatable').argParser(
      (text: string, before: WatchedContainer[] | undefined) => [
        ...(before ?? []),
        roleAndName('--container', text),
      ],
    ),
    new Option('--container-socket <path>', 'Unix socket of the Docker Engine or of podman'),
  ],
  log: () => [
    new Option('--log <[role=]source>', 'log: a file, container:NAME or unit:NAME, repeatable').argParser(
      (text: string, before: WatchedLog[] | undefined) => [...(before ?? []), oneLog(text)],
    ),
  ],
} as const satisfies Record<string, () => Option[]>;

export type SourceKind = keyof typeof options;
export const sourceKinds: readonly SourceKind[] = [
  'postgres',
  'pgbouncer',
  'redis',
  'nginx',
  'process',
  'container',
  'log',
];

/** The options that say where a command reads: a stack file, or one option for each kind of source that it needs. */
export function addSourceOptions(command: Command, kinds: readonly SourceKind[]): void {
  command.option(
    '--stack [file]',
    `stack file that names the sources (default: ${stackFileName} where there is one and nothing else is given)`,
  );
  for (const kind of kinds) for (const option of options[kind]()) command.addOption(option);
}

/** What a stack file says beside its sources. */
export type StackSettings = Pick<StackFile, 'name' | 'gateway' | 'limits'>;

interface ReadSourcesOptions {
  /** Null: no file is read unless `--stack` names it. */
  usual?: string | null;
  env?: Readonly<NodeJS.ProcessEnv>;
  /** False for a command that watches none: one that is gone is not in its way. */
  processes?: boolean;
  /** Told of each process of the stack file that is not there; without it the first one is an error. */
  missing?: ((message: string) => void) | undefined;
}

/**
 * The sources that the options name, those of the stack file below them. Without any option `usual` is read, if there is
 * such a file. Throws GaugewayError usage.
 */
export async function readSources(
  flags: SourceFlags,
  { usual = stackFileName, env = process.env, processes = true, missing }: ReadSourcesOptions = {},
): Promise<{ sources: StackSources; settings: StackSettings }> {
  checkUrl('--pg', flags.pg, sourceUrls.postgres);
  checkUrl('--pgbouncer', flags.pgbouncer, sourceUrls.postgres);
  checkUrl('--redis', flags.redis, sourceUrls.redis);
  checkUrl('--nginx-status', flags.nginxStatus, sourceUrls.http);
  const file = await stackFileOf(flags, usual);
  const read = file === undefined ? undefined : await readStackFile(file, env);
  const named = read?.stack;
  const below: StackSources =
    read === undefined
      ? { processes: [], containers: [], logs: [] }
      : await resolveSources(
          processes ? read : { ...read, stack: { ...read.stack, processes: [] } },
          env,
          missing,
        );
  const needsEngine =
    flags.container !== undefined || (flags.log ?? []).some(({ from }) => 'container' in from);
  const socket =
    flags.containerSocket ?? below.containerSocket ?? (needsEngine ? defaultContainerSocket(env) : undefined);
  const nginx = {
    ...below.nginx,
    ...(flags.nginxStatus === undefined ? {} : { statusUrl: flags.nginxStatus }),
    ...(flags.accessLog === undefined ? {} : { accessLog: flags.accessLog }),
  };
  return {
    sources: {
      ...below,
      ...(flags.pg === undefined ? {} : { postgresDsn: flags.pg }),
      ...(flags.pgbouncer === undefined ? {} : { pgbouncerDsn: flags.pgbouncer }),
      ...(flags.redis === undefined ? {} : { redisUrl: flags.redis }),
      ...(Object.keys(nginx).length === 0 ? {} : { nginx }),
      processes: flags.pid ?? below.processes,
      containers: flags.container ?? below.containers,
      ...(socket === undefined ? {} : { containerSocket: socket }),
      logs: flags.log ?? below.logs,
    },
    settings: {
      ...(named?.name === undefined ? {} : { name: named.name }),
      ...(named?.gateway === undefined ? {} : { gateway: named.gateway }),
      limits: named?.limits ?? {},
    },
  };
}

/** Says how a source that a command needs is given. */
export function missingSource(what: string, option: string): GaugewayError {
  return new GaugewayError(
    'usage',
    `no ${what} was given: name it with ${option}, or in a stack file (gaugeway discover writes ${stackFileName})`,
  );
}

/** Whether any option names a source. */
export function namesSources(flags: SourceFlags): boolean {
  const { pg, pgbouncer, redis, nginxStatus, accessLog, pid, container, log } = flags;
  return [pg, pgbouncer, redis, nginxStatus, accessLog, pid, container, log].some(
    (value) => value !== undefined,
  );
}

/** The text itself is not repeated: it may hold a password. */
function checkUrl(option: string, text: string | undefined, wanted: z.ZodType<string>): void {
  const message = text === undefined ? undefined : wanted.safeParse(text).error?.issues[0]?.message;
  if (message !== undefined) throw new GaugewayError('usage', `${option}: ${message}`);
}

async function stackFileOf(flags: SourceFlags, usual: string | null): Promise<string | undefined> {
  if (flags.stack !== undefined) return flags.stack === true ? stackFileName : flags.stack;
  if (usual === null || namesSources(flags)) return undefined;
  return (await stackFileExists(usual)) ? usual : undefined;
}

function onePid(text: string): WatchedProcess {
  const [, roleName = 'gateway', digits] = /^(?:([a-z]+)=)?([1-9]\d{0,9})$/.exec(text) ?? [];
  const role = roleOf(roleName);
  if (digits === undefined || role === undefined) {
    throw new GaugewayError('usage', `--pid takes PID or ROLE=PID (${roles}), not '${text}'`);
  }
  return { role, name: role, pid: Number(digits) };
}

/** What `--log` takes. Throws GaugewayError usage. */
export function oneLog(text: string): WatchedLog {
  const { role, name: source } = roleAndName('--log', text);
  const [, kind, name] = /^(container|unit):(.+)$/.exec(source) ?? [];
  if (kind === 'container' && name !== undefined) return { role, name, from: { container: name } };
  if (kind === 'unit' && name !== undefined) return { role, name, from: { unit: name } };
  return { role, name: role, from: { file: source } };
}

function roleAndName(option: string, text: string): { role: ProcessRole; name: string } {
  const [, roleName, name] = /^(?:([a-z]+)=)?(.+)$/.exec(text) ?? [];
  const role = roleName === undefined ? 'gateway' : roleOf(roleName);
  if (role !== undefined && name !== undefined) return { role, name };
  throw new GaugewayError('usage', `${option} takes NAME or ROLE=NAME (${roles}), not '${text}'`);
}

function roleOf(name: string): ProcessRole | undefined {
  return processRoles.find((role) => role === name);
}
