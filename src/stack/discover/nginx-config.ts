import { globSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { isLoopbackHost } from '../../shared/loopback.ts';
import { readForeignFile } from './read-foreign-file.ts';

/** A directive of nginx: its words, and what stands within its braces. */
export interface Directive {
  words: string[];
  block: Directive[];
}

const maxIncludes = 200;

/** What a configuration of nginx says about what can be watched. */
export interface NginxFacts {
  /** URL of `stub_status` on loopback. */
  statusUrl?: string;
  accessLog?: string;
  /** Whether a format that an access log uses has `$request_time` and `$upstream_response_time`. */
  timesInLog: boolean;
  /** `host:port` of the servers behind it. */
  upstreams: string[];
}

/** Reads a configuration with all that it includes. Throws GaugewayError source_unreadable. */
export async function readNginxConfig(file: string): Promise<Directive[]> {
  const budget = { left: maxIncludes };
  return readFileWithIncludes(file, dirname(file), budget);
}

async function readFileWithIncludes(
  file: string,
  folder: string,
  budget: { left: number },
): Promise<Directive[]> {
  budget.left -= 1;
  if (budget.left < 0) return [];
  let text: string;
  try {
    text = await readForeignFile(file);
  } catch (cause) {
    throw new GaugewayError('source_unreadable', messageOf(cause), { cause });
  }
  return withIncludes(parseNginx(text), folder, budget);
}

async function withIncludes(
  directives: readonly Directive[],
  folder: string,
  budget: { left: number },
): Promise<Directive[]> {
  const all: Directive[] = [];
  for (const { words, block } of directives) {
    if (words[0] !== 'include') {
      all.push({ words, block: await withIncludes(block, folder, budget) });
      continue;
    }
    for (const path of globSync(resolve(folder, words[1] ?? '')).toSorted()) {
      all.push(...(await readFileWithIncludes(path, folder, budget)));
    }
  }
  return all;
}

/** Parses nginx's syntax: words, quoted or not, up to `;` or a block in braces; `#` begins a comment. */
export function parseNginx(text: string): Directive[] {
  const tokens =
    text.match(/#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{};]|(?:\$\{[^}\n]*\}|[^\s{};])+/g) ?? [];
  const root: Directive[] = [];
  const open: Directive[][] = [root];
  let words: string[] = [];
  for (const token of tokens) {
    if (token.startsWith('#')) continue;
    if (token === ';' || token === '{') {
      const directive: Directive = { words, block: [] };
      if (words.length > 0) open.at(-1)?.push(directive);
      if (token === '{') open.push(directive.block);
      words = [];
    } else if (token === '}') {
      if (open.length > 1) open.pop();
    } else {
      words.push(/^["']/.test(token) ? token.slice(1, -1) : token);
    }
  }
  return root;
}

/** What can be watched of an nginx with this configuration; `prefix` is where its relative paths begin. */
export function nginxFacts(config: readonly Directive[], prefix: string): NginxFacts {
  const servers = named(config, 'server').filter(({ block }) => block.length > 0);
  const statusUrl = servers
    .flatMap((server) => named(server.block, 'location').map((location) => ({ server, location })))
    .filter(({ location }) => location.block.some(({ words }) => words[0] === 'stub_status'))
    .flatMap(({ server, location }) => statusUrlOf(server, location.words.at(-1) ?? '') ?? [])[0];
  const logs = named(config, 'access_log').filter(({ words }) => words[1]?.startsWith('syslog:') === false);
  const log = logs.find(({ words }) => words[1] !== 'off' && words[1]?.includes('$') === false);
  const format = named(config, 'log_format').find(({ words }) => words[1] === (log?.words[2] ?? 'combined'));
  const formatText = format?.words.slice(2).join(' ') ?? '';
  return {
    ...(statusUrl === undefined ? {} : { statusUrl }),
    ...(log?.words[1] === undefined ? {} : { accessLog: resolve(prefix, log.words[1]) }),
    timesInLog: formatText.includes('$request_time') && formatText.includes('$upstream_response_time'),
    upstreams: upstreamsOf(config),
  };
}

function upstreamsOf(config: readonly Directive[]): string[] {
  const grouped = named(config, 'upstream').flatMap(({ block }) =>
    block.filter(({ words }) => words[0] === 'server').map(({ words }) => words[1] ?? ''),
  );
  const passed = named(config, 'proxy_pass').map(
    ({ words }) => /^https?:\/\/([^/]+)/.exec(words[1] ?? '')?.[1],
  );
  return [...new Set([...grouped, ...passed.flatMap((host) => host ?? [])])].filter((host) =>
    /:\d+$/.test(host),
  );
}

function named(config: readonly Directive[], name: string): Directive[] {
  return config.flatMap((each) => [...(each.words[0] === name ? [each] : []), ...named(each.block, name)]);
}

/** Undefined where the location is a pattern or a name, and where nothing on loopback leads to it. */
function statusUrlOf(server: Directive, path: string): string | undefined {
  const address = addressOf(server);
  if (!path.startsWith('/') || address === undefined) return undefined;
  const url = new URL(`http://${address}`);
  url.pathname = path;
  return url.href;
}

/** Where a `server` is reached on loopback; undefined when it listens elsewhere only. */
function addressOf(server: Directive): string | undefined {
  const listens = server.block
    .filter(({ words }) => words[0] === 'listen')
    .map(({ words }) => words[1] ?? '');
  const places = (listens.length === 0 ? ['80'] : listens).flatMap((listen) => {
    const [, host = '', port = '80'] =
      /^(?:(\[[\da-f:.]*\]|[\w.*-]*[.*a-z][\w.*-]*):?)?(\d+)?$/i.exec(listen) ?? [];
    if (listen.startsWith('unix:') || (host === '' && !/^:?\d+$/.test(listen))) return [];
    const anywhere = ['', '*', '0.0.0.0', '[::]'].includes(host);
    return anywhere || isLoopbackHost(host) ? [`${anywhere ? '127.0.0.1' : host}:${port}`] : [];
  });
  return places.find((place) => URL.canParse(`http://${place}`));
}
