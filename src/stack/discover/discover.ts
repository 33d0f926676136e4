import { procMissing } from '../../shared/proc-files.ts';
import { accessNginx, localNginx, type LocalNginx } from './find-nginx.ts';
import { findContainers } from './find-containers.ts';
import { containerParts, projectOf } from './container-parts.ts';
import { findHttpServers, type GatewaySettings, settingsOfProcess } from './find-gateways.ts';
import { chooseGateway, gatewayWithoutProcess, httpParts, logParts } from './gateway-parts.ts';
import { accessPgBouncer, type LocalPgBouncer, localPgBouncer } from './find-pgbouncer.ts';
import { accessPostgres, localPostgres, type LocalPostgres, namesServer } from './find-postgres.ts';
import { accessRedis, type LocalRedis, localRedis } from './find-redis.ts';
import {
  changedUrl,
  type DiscoveredStack,
  type ProcessEntry,
  type SecretUrl,
  type Unreached,
} from './found.ts';
import { commandPattern, type LocalProcess, localProcesses } from './local-processes.ts';
import { signatureOfProcess } from './role-table.ts';
import { elsewhere, isOnThisMachine, portOf } from './secret-reach.ts';

export interface DiscoverOptions {
  /** Of the container engine. */
  socket: string;
  /** Keeps to one Compose project. */
  project?: string;
  /** The gateway whose stack it is, when there are several. */
  target?: string;
}

/**
 * Finds the stack around one gateway: containers by the labels of Compose, their images and ports, processes by
 * `/proc`, and how they belong together by what the gateway was started with. It connects to what it found, on this
 * machine only, to see whether it can be read. No password is in the result.
 */
export async function discoverStack(options: DiscoverOptions): Promise<DiscoveredStack> {
  const found: DiscoveredStack = {
    parts: [],
    unreached: [],
    variables: [],
    processes: [],
    containers: [],
    logs: [],
  };
  const engine = await findContainers(options.socket, options.project);
  found.unreached.push(...engine.unreached);
  const chosen = options.project ?? projectOf(engine.containers, options.target);
  const ofProject = engine.containers.filter(({ project }) => project === chosen);
  const hasGateway = ofProject.some(({ role }) => role === 'gateway');
  const port = options.target === undefined ? undefined : Number(new URL(options.target).port);
  const isMeant =
    port === undefined || ofProject.some(({ ports }) => ports.some((each) => each.port === port));
  if (engine.containers.length > 0 && (isMeant || options.project !== undefined)) {
    found.containerSocket = options.socket;
    await containerParts(engine, options, found);
    if (hasGateway) {
      await otherStacks(found);
      return found;
    }
  } else if (engine.containers.length > 0) {
    found.unreached.push({
      what: `containers ${ofProject.map(({ name }) => name).join(', ')}`,
      why: 'they are another stack: none of them is reached at the target',
    });
  }
  // A project is a whole stack: what else runs on the machine is not part of it.
  if (options.project === undefined) await localParts(options, engine.ids, found);
  return found;
}

/** Processes beside a gateway in containers belong to another stack: they are shown, and asked nothing. */
async function otherStacks(found: DiscoveredStack): Promise<void> {
  if (procMissing() !== undefined) return;
  const others = (await localProcesses()).flatMap((each) => {
    const what = each.containerId === undefined ? signatureOfProcess(each)?.what : undefined;
    return what === undefined ? [] : [what];
  });
  if (others.length === 0) return;
  found.unreached.push({
    what: `processes (${[...new Set(others)].toSorted().join(', ')})`,
    why: 'they are another stack',
    remedy: 'gaugeway discover --target URL',
  });
}

/** The parts of a stack that run as plain processes, as far as no container is that part. */
async function localParts(
  { target }: DiscoverOptions,
  containerIds: readonly string[],
  found: DiscoveredStack,
): Promise<void> {
  const missing = procMissing();
  if (missing !== undefined) {
    found.unreached.push({ what: 'processes', why: missing });
    return;
  }
  const everything = await localProcesses();
  const processes = everything.filter(({ containerId }) => containerId === undefined);
  found.unreached.push(...foreignContainers(everything, containerIds));
  const servers = await findHttpServers(processes);
  const gateway = chooseGateway(servers, target);
  if (target !== undefined && gateway === undefined && found.gateway === undefined) {
    await gatewayWithoutProcess(target, found);
  }
  const settings = gateway === undefined ? {} : await settingsOfProcess(gateway.pids);
  await httpParts(servers, gateway, settings, found);
  const ofRole = (role: string): LocalProcess[] =>
    processes.filter((each) => signatureOfProcess(each)?.role === role);

  const bouncers = await Promise.all(ofRole('pgbouncer').map((each) => localPgBouncer(each)));
  const postgres = (
    await Promise.all(ofRole('postgres').map((each) => localPostgres(each, processes)))
  ).flatMap((each) => each ?? []);
  const redis = await Promise.all(ofRole('redis').map(localRedis));
  const nginx = (await Promise.all(ofRole('nginx').map((each) => localNginx(each)))).flatMap(
    (each) => each ?? [],
  );

  const { database: told } = settings;
  const database = told !== undefined && isOnThisMachine(told.url) ? told : undefined;
  if (told !== undefined && database === undefined) {
    found.unreached.push({ what: `database of the gateway, ${new URL(told.url).host}`, why: elsewhere });
  }
  const own = postgres.find(({ parentPid }) => gateway?.pids.includes(parentPid));
  // What a gateway was told is all it has; of one that tells nothing, the only one there is may be its.
  const guessing = own === undefined && told === undefined && gateway?.what !== 'Gaugeway';
  const named = (port: number): boolean => database !== undefined && namesServer(database.url, port);
  const before = bouncers.find(({ port }) => named(port));
  const server =
    found.postgres === undefined
      ? (own ??
        choose(postgres, ({ port }) => named(port) || before?.serverPorts.includes(port) === true, guessing))
      : undefined;
  const bouncer =
    found.pgbouncer === undefined
      ? choose(
          bouncers,
          (each) => each === before || (server !== undefined && each.serverPorts.includes(server.port)),
          false,
        )
      : undefined;
  await databaseParts({ server, others: postgres, bouncer, bouncers, database, processes }, found);
  await redisParts(redis, settings, guessing, found);
  const port = gateway?.port ?? (target === undefined ? undefined : Number(new URL(target).port));
  await nginxParts(nginx, port, found);
}

interface Databases {
  server: LocalPostgres | undefined;
  others: readonly LocalPostgres[];
  bouncer: LocalPgBouncer | undefined;
  bouncers: readonly LocalPgBouncer[];
  database: SecretUrl | undefined;
  processes: readonly LocalProcess[];
}

async function databaseParts(
  { server, others, bouncer, bouncers, database, processes }: Databases,
  found: DiscoveredStack,
): Promise<void> {
  for (const each of others) {
    if (each !== server) {
      otherPart('postgres', 'PostgreSQL', each, found);
      continue;
    }
    const { pid, port } = each;
    const direct =
      database === undefined
        ? []
        : [
            bouncer !== undefined && namesServer(database.url, bouncer.port)
              ? atPort(database, port)
              : database,
          ];
    const access = await accessPostgres(each, processes, direct);
    take('postgres', access, found);
    const sure = access.version === undefined ? 'likely' : 'certain';
    const what = access.version === undefined ? 'PostgreSQL' : `PostgreSQL ${access.version.split(' ')[0]}`;
    found.parts.push({ role: 'postgres', what, sure, where: `127.0.0.1:${port}, pid ${pid}`, inFile: true });
    found.processes.push(entryOf('postgres', each, processes));
    await logParts('postgres', 'postgres', pid, found);
  }
  for (const each of bouncers) {
    if (each !== bouncer) {
      otherPart('pgbouncer', 'PgBouncer', each, found);
      continue;
    }
    const { pid, port } = each;
    const access = await accessPgBouncer(each, database === undefined ? [] : [database]);
    take('pgbouncer', access, found);
    const sure = access.version === undefined ? 'likely' : 'certain';
    const what = access.version ?? 'PgBouncer';
    found.parts.push({ role: 'pgbouncer', what, sure, where: `127.0.0.1:${port}, pid ${pid}`, inFile: true });
    found.processes.push(entryOf('pgbouncer', each, processes));
  }
}

async function redisParts(
  servers: readonly LocalRedis[],
  { redis }: GatewaySettings,
  guessing: boolean,
  found: DiscoveredStack,
): Promise<void> {
  const isOurs = ({ port }: LocalRedis): boolean =>
    redis !== undefined && isOnThisMachine(redis.url) && portOf(redis.url, 6379) === port;
  if (redis !== undefined && !isOnThisMachine(redis.url)) {
    found.unreached.push({ what: `Redis of the gateway, ${new URL(redis.url).host}`, why: elsewhere });
  }
  const chosen =
    found.redis === undefined ? choose(servers, isOurs, guessing && redis === undefined) : undefined;
  for (const each of servers) {
    if (each !== chosen) {
      otherPart('redis', 'Redis', each, found);
      continue;
    }
    const access = await accessRedis(each, redis !== undefined && isOurs(each) ? [redis] : []);
    take('redis', access, found);
    const sure = access.version === undefined ? 'likely' : 'certain';
    const what = access.version === undefined ? 'Redis' : `Redis ${access.version}`;
    found.parts.push({
      role: 'redis',
      what,
      sure,
      where: `${each.host}:${each.port}, pid ${each.pid}`,
      inFile: true,
    });
    found.processes.push(entryOf('redis', each, []));
    await logParts('redis', 'redis', each.pid, found);
  }
}

async function nginxParts(
  all: readonly LocalNginx[],
  gatewayPort: number | undefined,
  found: DiscoveredStack,
): Promise<void> {
  const isOurs = ({ facts }: LocalNginx): boolean =>
    facts?.upstreams.some((upstream) => upstream.endsWith(`:${gatewayPort}`)) === true;
  const chosen = choose(
    all,
    (each) => isOurs(each) || (each.facts === undefined && all.length === 1),
    gatewayPort === undefined,
  );
  for (const each of all) {
    const where = { pid: each.pid, port: each.ports[0] ?? 80, visible: each.visible };
    if (each !== chosen) {
      otherPart('nginx', 'nginx', where, found);
      continue;
    }
    const { status, accessLog, unreached } = await accessNginx(each);
    if (status !== undefined) found.nginxStatus = status;
    if (accessLog !== undefined) found.nginxAccessLog = accessLog;
    found.unreached.push(...unreached);
    const sure = status?.usable === true ? 'certain' : 'likely';
    found.parts.push({
      role: 'nginx',
      what: 'nginx',
      sure,
      where: `127.0.0.1:${where.port}, pid ${each.pid}`,
      inFile: true,
    });
    found.processes.push(entryOf('nginx', where, []));
  }
}

/** What an attempt to get in gave, for the file. */
function take(
  kind: 'postgres' | 'pgbouncer' | 'redis',
  { entry, secret, unreached }: Awaited<ReturnType<typeof accessPostgres>>,
  found: DiscoveredStack,
): void {
  found[kind] = entry;
  if (unreached !== undefined) found.unreached.push(unreached);
  const variable = secret?.variable;
  if (variable !== undefined && !found.variables.some(({ name }) => name === variable.name)) {
    found.variables.push(variable);
  }
}

interface Listening {
  pid: number;
  port: number;
  visible: boolean;
}

/** Another part of the same kind: there is room for one in a stack file. */
function otherPart(
  role: ProcessEntry['role'],
  what: string,
  { pid, port }: Listening,
  found: DiscoveredStack,
): void {
  found.parts.push({ role, what, sure: 'likely', where: `127.0.0.1:${port}, pid ${pid}`, inFile: false });
}

/** By its port, which a restart keeps; by its command line where another user owns it and hides its sockets. */
function entryOf(
  role: ProcessEntry['role'],
  { pid, port, visible }: Listening,
  processes: readonly LocalProcess[],
): ProcessEntry {
  const words = processes.find((each) => each.pid === pid)?.words;
  const comment = `process ${pid} listens on port ${port}`;
  if (visible || words === undefined) return { role, name: role, by: visible ? { port } : { pid }, comment };
  return { role, name: role, by: { match: commandPattern(words) }, comment };
}

/** The one that belongs to the gateway; where nothing says so and that may be guessed, the only one there is. */
function choose<T>(all: readonly T[], belongs: (each: T) => boolean, guessing: boolean): T | undefined {
  return all.find(belongs) ?? (guessing && all.length === 1 ? all[0] : undefined);
}

/** Parts that run in containers of which no engine told: one line for all of them. */
function foreignContainers(all: readonly LocalProcess[], listed: readonly string[]): Unreached[] {
  const names = new Map<string, string>();
  for (const process of all) {
    const { containerId } = process;
    const signature = containerId === undefined ? undefined : signatureOfProcess(process);
    if (containerId === undefined || signature === undefined || listed.includes(containerId)) continue;
    if (!names.has(containerId)) names.set(containerId, `${containerId.slice(0, 12)} (${signature.what})`);
  }
  if (names.size === 0) return [];
  return [
    {
      what: `containers ${[...names.values()].join(', ')}`,
      why: 'the engine that was asked does not list them',
      remedy: 'gaugeway discover --container-socket PATH',
    },
  ];
}

/** The same login at the server behind a pooler. */
function atPort(secret: SecretUrl, port: number): SecretUrl {
  return changedUrl(secret, (url) => {
    url.host = `127.0.0.1:${port}`;
  });
}
