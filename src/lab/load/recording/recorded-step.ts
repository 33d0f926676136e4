import { httpMethods } from '../scenarios/scenario.ts';
import type { HttpStep, McpStep, ToolStep } from '../scenarios/scenario.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import type { Exchange } from './har-file.ts';
import { readJsonRpc } from './json-rpc-step.ts';
import { readAnswer, readSentBody } from './sent-body.ts';

/** A recorded request as a step whose texts stand for themselves, without headers; expressions come later. */
export interface RecordedStep {
  step: HttpStep | McpStep | ToolStep;
  /** What JSONPaths of the step look at: the body, or the result of JSON-RPC. */
  answer: JsonValue;
  exchange: Exchange;
}

const assetKinds = ['font', 'image', 'manifest', 'media', 'script', 'stylesheet', 'texttrack'];
const assetTypes = /^(image|font|audio|video)\/|^text\/css$|javascript$|^application\/(wasm|manifest\+json)$/;
const assetEndings = /\.(avif|css|gif|ico|jpe?g|js|map|mjs|mp4|otf|png|svg|ttf|wasm|webp|woff2?)$/i;

/** The step of a recorded request to `path`, or why it has none. `assets` keeps what a page is made of. */
export function readRecordedStep(
  exchange: Exchange,
  path: string,
  { assets, mcpPaths }: { assets: boolean; mcpPaths: ReadonlySet<string> },
): RecordedStep | { reason: string } {
  const { method, url, status, answer } = exchange;
  const name = httpMethods.find((known) => known === method);
  if (name === undefined) return { reason: 'no scenario sends this method' };
  if (exchange.fromCache) return { reason: "answered from the browser's cache" };
  if (status < 200) return { reason: 'it has no answer' };
  if (method === 'OPTIONS' && exchange.headers.has('access-control-request-method')) {
    return { reason: 'browsers ask this by themselves' };
  }
  if (!assets && isAsset(exchange)) return { reason: 'an asset; --har-assets keeps it' };
  const isMcp = mcpPaths.has(url.pathname);
  if (isMcp && method !== 'POST') return { reason: 'users of a load keep their MCP session by themselves' };
  const sent = readSentBody(exchange.body);
  if ('reason' in sent) return sent;
  const { body, contentType } = sent;
  if (method === 'POST' && body?.kind === 'json') {
    const rpc = readJsonRpc(body.value, exchange, isMcp ? undefined : path);
    if (rpc !== undefined) return 'reason' in rpc ? rpc : { ...rpc, exchange };
  }
  if (isMcp) return { reason: 'not a message of MCP that a step can send' };
  const step: HttpStep = {
    kind: 'http',
    method: name,
    path,
    headers: contentType === undefined ? {} : { 'content-type': contentType },
    ...(body === undefined ? {} : { body }),
    extract: [],
    ...expectedStatus(exchange),
  };
  return { step, answer: readAnswer(answer.mimeType, answer.text), exchange };
}

/** 304 answers a condition of the browser's cache, which users of a load do not have. */
function expectedStatus({ status }: Exchange): Pick<HttpStep, 'check'> {
  return status < 300 || status === 304 ? {} : { check: { status: [status], json: [] } };
}

function isAsset({ url, method, resourceType, answer }: Exchange): boolean {
  if (method !== 'GET') return false;
  return (
    assetKinds.includes(resourceType ?? '') ||
    assetTypes.test(answer.mimeType) ||
    assetEndings.test(url.pathname)
  );
}
