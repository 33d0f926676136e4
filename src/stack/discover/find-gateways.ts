import { isLoopbackHost } from '../../shared/loopback.ts';
import { askHttp, type HttpAnswer } from './ask-http.ts';
import { type SecretUrl, type Sureness, withoutPassword } from './found.ts';
import { environmentOf, type LocalProcess, sharesNetwork, socketsOf, userOf } from './local-processes.ts';
import { serverRuntimes, signatureOfProcess } from './role-table.ts';

/** A server on loopback that is a gateway or an MCP server. */
export interface HttpServer {
  role: 'gateway' | 'upstream';
  what: string;
  sure: Sureness;
  origin: string;
  port: number;
  /** Those that listen: a parent and its workers share one socket. */
  pids: number[];
  commandLine: string;
  needsToken: boolean;
  /** How it was recognised. */
  evidence: string;
}

const maxAsked = 64;
const askedAtOnce = 8;

/** Finds gateways and MCP servers among the programs that serve HTTP here, and asks each of them who it is. */
export async function findHttpServers(processes: readonly LocalProcess[]): Promise<HttpServer[]> {
  const byPort = new Map<number, { process: LocalProcess; pids: number[]; host: string }>();
  for (const process of processes) {
    const signature = signatureOfProcess(process);
    const isServer = signature?.role === 'gateway' || signature?.role === 'upstream';
    if (!isServer && (signature !== undefined || !process.programs.some((name) => serverRuntimes.test(name))))
      continue;
    if ((await sharesNetwork(process.pid)) === false) continue;
    for (const { host, port } of (await socketsOf(process.pid)) ?? []) {
      if (!isLoopbackHost(host)) continue;
      const known = byPort.get(port);
      if (known === undefined) byPort.set(port, { process, pids: [process.pid], host });
      else if (!known.pids.includes(process.pid)) known.pids.push(process.pid);
    }
  }
  const waiting = [...byPort].slice(0, maxAsked);
  const found: HttpServer[] = [];
  const ask = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [port, { process, pids, host }] = next;
      const origin = `http://${host}:${port}`;
      const answer = await askHttp(origin);
      const server = answer === undefined ? undefined : judge(answer, process);
      if (server !== undefined)
        found.push({ ...server, origin, port, pids, commandLine: process.commandLine });
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, ask));
  return found.toSorted((a, b) => a.port - b.port);
}

/** What a server is, by its name and by what it answered; undefined when it is neither gateway nor MCP server. */
function judge(
  { healthy, mcp, software }: HttpAnswer,
  process: LocalProcess,
): Pick<HttpServer, 'role' | 'what' | 'sure' | 'needsToken' | 'evidence'> | undefined {
  const signature = signatureOfProcess(process);
  const needsToken = mcp?.needsToken === true;
  const answers = [
    ...(healthy ? ['answers GET /health'] : []),
    ...(mcp === undefined ? [] : [needsToken ? 'asks for a token at /mcp' : 'speaks MCP at /mcp']),
  ].join(' and ');
  if (signature?.role === 'gateway' || signature?.role === 'upstream') {
    const { role, what } = signature;
    const evidence = answers === '' ? 'known by its command line' : `known by its command line; ${answers}`;
    return { role, what, sure: answers === '' ? 'likely' : 'certain', needsToken, evidence };
  }
  const [program = 'process'] = process.programs;
  const what = software === undefined ? `server of ${program}` : `${software} of ${program}`;
  if (mcp?.needsToken === false) {
    const role = /gateway/i.test(mcp.serverName) ? 'gateway' : 'upstream';
    return { role, what: mcp.serverName, sure: 'likely', needsToken, evidence: answers };
  }
  if (mcp?.needsToken === true)
    return { role: 'gateway', what, sure: 'likely', needsToken, evidence: answers };
  return healthy ? { role: 'gateway', what, sure: 'guess', needsToken, evidence: answers } : undefined;
}

/** What a gateway's environment says about where it keeps its data. */
export interface GatewaySettings {
  database?: SecretUrl;
  redis?: SecretUrl;
  /** Why the environment is not known. */
  hidden?: string;
}

/** Names of variables that hold the URL of a database or a cache, the first that is set counts. */
const databaseVariables = ['DATABASE_URL', 'POSTGRES_DSN', 'PG_DSN'];
const redisVariables = ['REDIS_URL', 'CACHE_URL', 'VALKEY_URL'];

/** Reads the environment of a gateway's processes. */
export async function settingsOfProcess(pids: readonly number[]): Promise<GatewaySettings> {
  for (const pid of pids) {
    const environment = await environmentOf(pid);
    if (environment !== undefined) {
      return settingsFrom(environment, `process ${pid}`, (await userOf(pid)) ?? -1);
    }
  }
  return { hidden: 'another user owns it: its environment is not shown' };
}

/** The settings in an environment; `owner` says in words whose it is, `uid` as a user id. */
export function settingsFrom(
  environment: ReadonlyMap<string, string>,
  owner: string,
  uid?: number,
): GatewaySettings {
  const urlOf = (names: readonly string[], scheme: RegExp, variable: string): SecretUrl | undefined => {
    const name = names.find((each) => scheme.test(environment.get(each) ?? ''));
    return name === undefined
      ? undefined
      : withoutPassword(environment.get(name) ?? '', variable, `${name} of ${owner}`, uid);
  };
  const database = urlOf(databaseVariables, /^postgres(ql)?(\+\w+)?:/, 'GAUGEWAY_PG_PASSWORD');
  const redis = urlOf(redisVariables, /^(rediss?|valkeys?):/, 'GAUGEWAY_REDIS_PASSWORD');
  return { ...(database === undefined ? {} : { database }), ...(redis === undefined ? {} : { redis }) };
}
