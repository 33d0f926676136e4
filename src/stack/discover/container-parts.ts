import type { DiscoverOptions } from './discover.ts';
import { askPostgres } from './ask-postgres.ts';
import { askRedis } from './ask-redis.ts';
import { accessNginx, localNginx } from './find-nginx.ts';
import { accessPgBouncer, localPgBouncer } from './find-pgbouncer.ts';
import { type LocalProcess, localProcesses, sharesNetwork, userOf } from './local-processes.ts';
import { whyNotSent } from './secret-reach.ts';
import { settingsFrom } from './find-gateways.ts';
import type { ContainerFindings, FoundContainer } from './find-containers.ts';
import { changedUrl, type DiscoveredStack, type SecretUrl, withoutPassword } from './found.ts';

/** Adds the containers of one stack: all of a Compose project, or those that belong to none. */
export async function containerParts(
  engine: ContainerFindings,
  { project, target }: DiscoverOptions,
  found: DiscoveredStack,
): Promise<void> {
  const chosen = project ?? projectOf(engine.containers, target);
  const containers = engine.containers.filter((each) => each.project === chosen);
  if (chosen !== undefined) found.name = chosen;
  for (const other of engine.projects.filter((name) => name !== chosen)) {
    found.unreached.push({
      what: `Compose project ${other}`,
      why: 'it is another stack',
      remedy: `gaugeway discover --project ${other}`,
    });
  }
  for (const { role, name, what, sure, image, service, ports } of containers) {
    const [first] = ports;
    const place = first === undefined ? '' : `, ${first.host}:${first.port}`;
    found.parts.push({ role, what, sure, where: `container ${name}${place}`, inFile: true });
    found.containers.push({ role, name, comment: `${image}, service ${service}` });
    found.logs.push({ role, name, from: { container: name }, comment: 'what the container wrote' });
  }
  await gatewayPart(containers, found);
  await postgresPart(containers, found);
  await redisPart(containers, found);
  await bouncerPart(containers, found);
  await nginxPart(containers, found);
}

/** Its console, where the process and its ini file are of this machine. */
async function bouncerPart(containers: readonly FoundContainer[], found: DiscoveredStack): Promise<void> {
  const server = containers.find(({ role }) => role === 'pgbouncer');
  const at = server?.ports.find(({ inside }) => inside === 6432) ?? server?.ports[0];
  const process = server === undefined ? undefined : await processOf(server);
  if (at === undefined || process === undefined) return;
  const bouncer = await localPgBouncer(process, `/proc/${process.pid}/root`);
  const access = await accessPgBouncer({ ...bouncer, port: at.port }, []);
  found.pgbouncer = access.entry;
  if (access.unreached !== undefined) found.unreached.push(access.unreached);
}

/** Its counters; the path of its log is one within the container. */
async function nginxPart(containers: readonly FoundContainer[], found: DiscoveredStack): Promise<void> {
  const server = containers.find(({ role, ports }) => role === 'nginx' && ports.length > 0);
  const process = server === undefined ? undefined : await processOf(server);
  if (process === undefined) return;
  const nginx = await localNginx(process, `/proc/${process.pid}/root`);
  if (nginx === undefined) return;
  const { status, unreached } = await accessNginx(nginx);
  if (status !== undefined) found.nginxStatus = status;
  found.unreached.push(...unreached);
}

/** The first process of a container, when the engine is one of this machine and shares its network with it. */
async function processOf({ id, pid }: FoundContainer): Promise<LocalProcess | undefined> {
  const process = (await localProcesses()).find((each) => each.pid === pid && each.containerId === id);
  return process !== undefined && (await sharesNetwork(pid)) === true ? process : undefined;
}

async function gatewayPart(containers: readonly FoundContainer[], found: DiscoveredStack): Promise<void> {
  // What stands before the gateways is where clients come in.
  const front = containers.find(({ role, ports }) => role === 'nginx' && ports.length > 0);
  const gateway = containers.find(({ role, ports }) => role === 'gateway' && ports.length > 0);
  const entrance = front ?? gateway;
  const at = entrance?.ports[0];
  if (entrance === undefined || at === undefined) return;
  found.gateway = {
    value: `http://${at.host}:${at.port}`,
    comments: [`container ${entrance.name}, its port ${at.inside}`],
    usable: true,
  };
}

async function postgresPart(containers: readonly FoundContainer[], found: DiscoveredStack): Promise<void> {
  const server = containers.find(({ role }) => role === 'postgres');
  const at = server?.ports.find(({ inside }) => inside === 5432) ?? server?.ports[0];
  if (server === undefined) return;
  if (at === undefined) {
    found.unreached.push({
      what: `PostgreSQL, container ${server.name}`,
      why: 'its port is not published and it has no address here',
      remedy: `publish it for this machine only, in ${server.service}: ports: ["127.0.0.1:5432:5432"]`,
    });
    return;
  }
  const { environment, name } = server;
  const user = environment.get('POSTGRES_USER') ?? 'postgres';
  const password = environment.get('POSTGRES_PASSWORD');
  const database = environment.get('POSTGRES_DB') ?? user;
  const given =
    password === undefined
      ? undefined
      : withoutPassword(
          `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${at.host}:${at.port}/${encodeURIComponent(database)}`,
          'GAUGEWAY_PG_PASSWORD',
          `POSTGRES_PASSWORD of container ${name}`,
        );
  const plain = `postgresql://${encodeURIComponent(user)}@${at.host}:${at.port}/${encodeURIComponent(database)}`;
  const secret: SecretUrl = given ?? { url: plain, reference: plain };
  const unsent = given === undefined ? undefined : await whyUnsent(secret, 5432, server, server);
  const answer = unsent ?? (await askPostgres(secret.url, true));
  const usable = !('refused' in answer);
  const isOwn = 'refused' in answer || answer.database !== 'postgres';
  const wanted = isOwn ? undefined : answer.databases[0];
  found.postgres = {
    value:
      wanted === undefined
        ? secret.reference
        : changedUrl(secret, (url) => {
            url.pathname = `/${encodeURIComponent(wanted)}`;
          }).reference,
    comments: [`container ${name}, its port ${at.inside}`],
    usable,
  };
  if ('refused' in answer) {
    found.unreached.push({ what: `PostgreSQL, container ${name}`, why: answer.refused });
  } else if (secret.variable !== undefined) {
    found.variables.push(secret.variable);
  }
}

/** A published port is the engine's; at one of the machine itself its holder must have the secret already. */
async function whyUnsent(
  { url }: SecretUrl,
  usualPort: number,
  server: FoundContainer,
  owner: FoundContainer,
): Promise<{ refused: string } | undefined> {
  if (!server.sharesNetwork) return undefined;
  const refused = await whyNotSent(url, usualPort, [(await userOf(owner.pid)) ?? -1]);
  return refused === undefined ? undefined : { refused };
}

async function redisPart(containers: readonly FoundContainer[], found: DiscoveredStack): Promise<void> {
  const server = containers.find(({ role }) => role === 'redis');
  const at = server?.ports.find(({ inside }) => inside === 6379) ?? server?.ports[0];
  if (server === undefined || at === undefined) return;
  const gateway = containers.find(({ role }) => role === 'gateway');
  const { redis } = settingsFrom(gateway?.environment ?? new Map(), `container ${gateway?.name ?? ''}`);
  const plain = `redis://${at.host}:${at.port}/0`;
  const secret: SecretUrl =
    redis === undefined
      ? { url: plain, reference: plain }
      : changedUrl(redis, (url) => {
          url.host = `${at.host}:${at.port}`;
        });
  const unsent =
    secret.variable === undefined ? undefined : await whyUnsent(secret, 6379, server, gateway ?? server);
  const answer = unsent ?? (await askRedis(secret.url));
  const usable = !('refused' in answer);
  found.redis = {
    value: secret.reference,
    comments: [`container ${server.name}, its port ${at.inside}`],
    usable,
  };
  if ('refused' in answer) {
    found.unreached.push({ what: `Redis, container ${server.name}`, why: answer.refused });
  } else if (secret.variable !== undefined) {
    found.variables.push(secret.variable);
  }
}

/** The project with the gateway that is meant; undefined for containers without a project. */
export function projectOf(
  containers: readonly FoundContainer[],
  target: string | undefined,
): string | undefined {
  const port = target !== undefined && URL.canParse(target) ? Number(new URL(target).port) : undefined;
  const meant = containers.find(
    ({ ports, project }) => project !== undefined && ports.some((each) => each.port === port),
  );
  const gateway = containers.find(({ role }) => role === 'gateway');
  return (meant ?? gateway ?? containers.find(({ project }) => project !== undefined))?.project;
}
