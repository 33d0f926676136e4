import { GaugewayError } from '../../shared/errors.ts';
import type { HttpTarget } from './http-target.ts';
import type { LoadPlan } from './load-plan.ts';
import { McpClient } from './mcp-client.ts';
import { asObject } from './mcp-wire.ts';
import type { Judgement, Wire } from './mcp-wire.ts';
import { parseJson } from './parse-json.ts';

/** Answers that say there is no MCP here, so that another place may be tried. */
const notHere = /^http (301|302|303|307|308|404|405)\b/;

/** The path of a target's base URL, without a slash at its end: what stands before `/mcp`, `/rpc` or a virtual server. */
export function basePathOf(targetUrl: string): string {
  const path = new URL(targetUrl).pathname.replace(/\/+$/, '');
  return path.replace(/(\/servers\/[^/]+)?\/(mcp|rpc)$/, '');
}

/**
 * Opens a session where the target speaks MCP: at the URL itself when it ends in `/mcp` or `/rpc`, else at `/mcp` below
 * it, or, as ContextForge has it, at `/mcp/` or by plain JSON-RPC at `/rpc`; with `plan.server` at that virtual server.
 * Gives the client with its session, and the path. Throws `source_unreadable`, or `usage` for a server that is not there.
 */
export async function openEndpoint(
  plan: LoadPlan,
  target: HttpTarget,
  wire: Wire,
): Promise<{ client: McpClient; path: string } | { path: string; refusal: Judgement & { failure: string } }> {
  const candidates = await candidatesOf(plan, target);
  let last: { path: string; refusal: Judgement & { failure: string } } | undefined;
  for (const path of candidates) {
    const client = new McpClient(target, wire, path, () => undefined);
    const hello = await client.open();
    if (hello.failure === undefined) return { client, path };
    last ??= { path, refusal: hello };
    if (!notHere.test(hello.failure)) return { path, refusal: hello };
  }
  if (last === undefined) throw new GaugewayError('usage', `${plan.targetUrl}: nowhere to ask`);
  return last;
}

async function candidatesOf(plan: LoadPlan, target: HttpTarget): Promise<string[]> {
  const { pathname, search } = new URL(plan.targetUrl);
  const path = pathname.replace(/\/+$/, '');
  const base = basePathOf(plan.targetUrl);
  if (plan.server !== undefined) {
    const server = `${base}/servers/${encodeURIComponent(await findServer(plan.server, plan, target))}/mcp`;
    return [server, `${server}/`];
  }
  if (/\/(mcp|rpc)$/.test(path)) return [pathname + search];
  return [`${path}/mcp${search}`, `${path}/mcp/${search}`, `${path}/rpc${search}`];
}

/** The id of the virtual server with this id or name, from `GET /servers`. */
async function findServer(wanted: string, plan: LoadPlan, target: HttpTarget): Promise<string> {
  const headers = {
    accept: 'application/json',
    ...(plan.token === undefined ? {} : { authorization: `Bearer ${plan.token}` }),
  };
  const path = `${basePathOf(plan.targetUrl)}/servers`;
  const answer = await target.send({ method: 'GET', path, headers, wantsBody: true });
  const failure =
    'failure' in answer ? answer.failure : answer.status === 200 ? undefined : `http ${answer.status}`;
  if (failure !== undefined || 'failure' in answer) {
    throw new GaugewayError('source_unreadable', `${plan.targetUrl}: GET /servers failed: ${failure}`);
  }
  const listed = parseJson(answer.body ?? '');
  const servers = Array.isArray(listed) ? listed : [asObject(listed)?.['servers']].flat();
  const known = servers.map((server) => asObject(server)).filter((server) => server !== undefined);
  const found = known.find(({ id, name }) => id === wanted || name === wanted);
  if (typeof found?.['id'] === 'string') return found['id'];
  const names = known
    .slice(0, 10)
    .map(({ name }) => String(name))
    .join(', ');
  throw new GaugewayError(
    'usage',
    `no virtual server '${wanted}'${names === '' ? '' : `: there are ${names}`}`,
  );
}
