import { readFile, stat } from 'node:fs/promises';
import { isRecord } from '../../../protocol/record.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { isLoopbackHost } from '../../../shared/loopback.ts';
import { parseYaml } from '../../../shared/parse-yaml.ts';
import { HttpTarget } from '../http-target.ts';
import { followReference } from '../local-reference.ts';
import { parseJson } from '../parse-json.ts';
import { jsonValueSchema } from '../scenarios/json-value.ts';
import type { TlsSettings } from '../tls-settings.ts';
import { isShallow } from './sent-body.ts';

/** As much as a load takes for an answer; the largest public descriptions have about 12 MB. */
const maxFileBytes = 16 * 1024 * 1024;
const maxDepth = 100;
const timeoutMs = 15_000;

export interface OpenApiSource {
  /** URL or file. */
  source: string;
  /** Asks a machine that is not this one. */
  allowRemote: boolean;
  /** Sent to the origin of the target only, or to that of the document where there is no target. */
  token: string | undefined;
  target: string | undefined;
  tls: TlsSettings;
}

/** An OpenAPI description; a tree of JSON of a bounded depth. */
export class OpenApiDocument {
  readonly root: Readonly<Record<string, unknown>>;
  /** Where it came from; undefined for a file. */
  readonly url: URL | undefined;

  constructor(root: Readonly<Record<string, unknown>>, url?: URL) {
    this.root = root;
    this.url = url;
  }

  /** The object at this place, with a `$ref` followed where it stays within the document; undefined where there is none. */
  object(value: unknown): Record<string, unknown> | undefined {
    let node = value;
    for (let hops = 0; hops < 8 && isRecord(node) && typeof node['$ref'] === 'string'; hops += 1) {
      node = followReference(this.root, node['$ref']);
    }
    return isRecord(node) && typeof node['$ref'] !== 'string' ? node : undefined;
  }
}

/** Reads OpenAPI 3 as JSON or YAML. Throws GaugewayError usage, or source_unreadable where it cannot be had. */
export async function readOpenApi(options: OpenApiSource): Promise<OpenApiDocument> {
  const { source } = options;
  const url = /^https?:\/\//i.test(source) ? URL.parse(source) : undefined;
  if (url === null) throw new GaugewayError('usage', `'${source}' is no URL`);
  const text = url === undefined ? await readBounded(source) : await fetchText(url, options);
  const root = parseTree(source, text.replace(/^\uFEFF/, ''));
  const version = isRecord(root) ? (root['openapi'] ?? root['swagger']) : undefined;
  if (!isRecord(root) || typeof version !== 'string' || !/^3\.\d/.test(version)) {
    const found =
      typeof version === 'string' ? `it is of version ${version.slice(0, 20)}` : 'it names no version';
    throw new GaugewayError('usage', `${source} is no OpenAPI description of version 3: ${found}`);
  }
  return new OpenApiDocument(root, url);
}

async function readBounded(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes) throw new GaugewayError('usage', `it is over ${maxFileBytes} bytes`);
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new GaugewayError('usage', `${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Redirects are not followed: what is asked is what was named. */
async function fetchText(
  url: URL,
  { source, allowRemote, token, target, tls }: OpenApiSource,
): Promise<string> {
  if (!allowRemote && !isLoopbackHost(url.hostname)) {
    throw new GaugewayError('usage', `${url.host} is not this machine: --allow-remote reads ${source} there`);
  }
  const isTarget = target === undefined || URL.parse(target)?.origin === url.origin;
  const headers = {
    accept: 'application/json, application/yaml;q=0.9, */*;q=0.1',
    ...(token === undefined || !isTarget ? {} : { authorization: `Bearer ${token}` }),
  };
  const http = new HttpTarget(url.origin, timeoutMs, tls);
  const path = url.pathname + url.search;
  const answer = await http.send({ method: 'GET', path, headers, wantsBody: true, wantsHeaders: true });
  await http.destroy();
  if ('failure' in answer) throw new GaugewayError('source_unreadable', `${source}: ${answer.failure}`);
  if (answer.status !== 200 || answer.body === null) {
    const { location } = answer.headers;
    const hint =
      answer.status === 401 || answer.status === 403
        ? ': it wants a --token'
        : location === undefined
          ? ''
          : `: it is at ${location.slice(0, 200)}`;
    throw new GaugewayError('source_unreadable', `${source}: http ${answer.status}${hint}`);
  }
  return answer.body;
}

function parseTree(source: string, text: string): unknown {
  const tree = parseJson(text) ?? jsonValueSchema.parse(parseYaml(source, text).value);
  if (!isShallow(tree, maxDepth)) throw new GaugewayError('usage', `${source} is nested too deeply`);
  return tree;
}
