import { isLoopbackHost } from '../../shared/loopback.ts';
import { askHttp } from './ask-http.ts';
import type { GatewaySettings, HttpServer } from './find-gateways.ts';
import type { DiscoveredStack, ProcessEntry } from './found.ts';
import { outputFileOf } from './local-processes.ts';

/** The gateway that is meant, or else the one of which most is known. */
export function chooseGateway(
  servers: readonly HttpServer[],
  target: string | undefined,
): HttpServer | undefined {
  const gateways = servers.filter(({ role }) => role === 'gateway');
  return target === undefined ? surest(gateways) : gateways.find(({ origin }) => sameOrigin(origin, target));
}

/** A gateway that was named, and whose process is not to be seen: its address is known all the same. */
export async function gatewayWithoutProcess(target: string, found: DiscoveredStack): Promise<void> {
  const { origin, hostname } = new URL(target);
  const isHere = isLoopbackHost(hostname);
  if (isHere && (await askHttp(origin)) === undefined) {
    found.unreached.push({ what: `gateway ${target}`, why: 'nothing that speaks HTTP listens there' });
    found.gateway = {
      value: origin,
      comments: ['as --target said; nothing answered there'],
      usable: true,
    };
    return;
  }
  const why = isHere ? 'another user owns it, or it runs in a container' : 'it is not on this machine';
  found.gateway = { value: origin, comments: [`as --target said; its process: ${why}`], usable: true };
  found.unreached.push({
    what: `process of the gateway ${target}`,
    why,
    ...(isHere ? { remedy: 'sudo gaugeway discover' } : {}),
  });
}

/** Adds the gateway and its upstreams, and shows what belongs to others. */
export async function httpParts(
  servers: readonly HttpServer[],
  gateway: HttpServer | undefined,
  settings: GatewaySettings,
  found: DiscoveredStack,
): Promise<void> {
  const known = new Set(servers.filter(({ role, sure }) => role === 'gateway' && sure === 'certain'));
  for (const server of servers) {
    const { role, what, sure, origin, port, pids, evidence, needsToken } = server;
    // A server of which nothing but a health answer is known may be anything, unless there is no gateway beside it.
    if (sure === 'guess' && server !== gateway && known.size > 0) continue;
    const inFile = role === 'gateway' ? server === gateway : isUpstreamOf(server, gateway, servers);
    found.parts.push({ role, what, sure, where: `${new URL(origin).host}, ${pidsInWords(pids)}`, inFile });
    if (!inFile) continue;
    const name = role === 'gateway' ? 'gateway' : `upstream-${port}`;
    found.processes.push({ role, name, by: { port }, comment: `${what}: ${evidence}` });
    await logParts(role, name, pids[0], found);
    if (role !== 'gateway' || found.gateway !== undefined) continue;
    found.gateway = {
      value: origin,
      comments: [
        `${what}, ${pidsInWords(pids)}: ${evidence}`,
        ...(needsToken ? ['it asks for a token: --token, or GAUGEWAY_TOKEN, or here token: ${NAME}'] : []),
      ],
      usable: true,
    };
    if (settings.hidden !== undefined) {
      found.unreached.push({
        what: `settings of the gateway, ${origin}`,
        why: settings.hidden,
        remedy: 'sudo gaugeway discover',
      });
    }
  }
}

/** Adds the file to which a process writes its output. */
export async function logParts(
  role: ProcessEntry['role'],
  name: string,
  pid: number | undefined,
  found: DiscoveredStack,
): Promise<void> {
  const file = pid === undefined ? undefined : await outputFileOf(pid);
  if (file === undefined || pid === undefined) return;
  found.logs.push({ role, name, from: { file }, comment: `where process ${pid} writes its output` });
}

const bySureness = ['certain', 'likely', 'guess'];

function surest(gateways: readonly HttpServer[]): HttpServer | undefined {
  return gateways.toSorted((a, b) => bySureness.indexOf(a.sure) - bySureness.indexOf(b.sure))[0];
}

/**
 * A Gaugeway that was told its upstreams has those; of any other nobody says which it has: it may be all that no other
 * gateway was told of.
 */
function isUpstreamOf(
  { port, sure }: HttpServer,
  gateway: HttpServer | undefined,
  servers: readonly HttpServer[],
): boolean {
  const told = toldUpstreams(gateway);
  if (told.length > 0) return told.includes(port);
  return (
    sure !== 'guess' && !servers.some((other) => other !== gateway && toldUpstreams(other).includes(port))
  );
}

/** Ports of the upstreams that a gateway's command line names. */
function toldUpstreams(gateway: HttpServer | undefined): number[] {
  return [...(gateway?.commandLine.matchAll(/--register[= ]\S+?=\S+?:(\d+)/g) ?? [])].map((match) =>
    Number(match[1]),
  );
}

function sameOrigin(a: string, b: string): boolean {
  return URL.canParse(b) && placeOf(a) === placeOf(b);
}

function placeOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname.replace(/^localhost$|^\[::1\]$/, '127.0.0.1')}:${port}`;
}

function pidsInWords(pids: readonly number[]): string {
  return `pid ${pids[0]}${pids.length === 1 ? '' : ` +${pids.length - 1}`}`;
}
