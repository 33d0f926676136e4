import { request } from 'undici';
import { z } from 'zod';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { parseJson } from '../parse-json.ts';

const answerTimeoutMs = 5_000;
/** Locust gives 500 rows and 500 errors at most; this is several times what those take. */
const maxAnswerBytes = 4 * 1024 * 1024;
const maxNameLength = 200;

const count = z.number().min(0);
const row = z.object({
  method: z.string().nullish(),
  name: z.string(),
  num_requests: count,
  num_failures: count,
  avg_response_time: count,
  min_response_time: count,
  max_response_time: count,
  median_response_time: count.nullish(),
  'response_time_percentile_0.95': count.nullish(),
  'response_time_percentile_0.99': count.nullish(),
  /** Of Locust before 2.18, which had these two instead. */
  ninety_ninth_response_time: count.nullish(),
});
const answer = z.object({
  state: z.string(),
  user_count: count,
  stats: z.array(row),
  errors: z.array(
    z.object({ method: z.string().nullish(), name: z.string(), error: z.string(), occurrences: count }),
  ),
  current_response_time_percentiles: z.record(z.string(), z.number().nullable()).optional(),
  current_response_time_percentile_50: z.number().nullish(),
  current_response_time_percentile_95: z.number().nullish(),
  workers: z.array(z.object({ id: z.string(), cpu_usage: count })).optional(),
});
type Row = z.infer<typeof row>;

/** What Locust has counted since its test began, by request names as our own engine gives them. */
export interface LocustCounters {
  /** Its own word: `ready`, `spawning`, `running`, `cleanup`, `stopping`, `stopped`. */
  state: string;
  users: number;
  requests: ReadonlyMap<string, LocustRequests>;
  /** The last ten seconds; null when nothing finished. */
  recentP50Ms: number | null;
  recentP95Ms: number | null;
  /** Its processes, where the test is distributed. */
  workers: { name: string; cpuPercent: number }[];
  /** Tells two answers apart: Locust gives the same one again for two seconds. */
  text: string;
}

export interface LocustRequests {
  requests: number;
  failures: number;
  totalMs: number;
  failuresByKind: ReadonlyMap<string, number>;
  minMs: number;
  maxMs: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

/** The web API of a Locust, 2.12 and newer. Throws GaugewayError source_unreadable when it does not answer as one. */
export class LocustApi {
  /** Without a user and a password. */
  readonly url: string;
  readonly #headers: Record<string, string>;

  /** `url` is that of its page; a user and a password in it are sent as Locust's `--web-auth` wants them. */
  constructor(url: string) {
    const { origin, pathname, username, password } = new URL(url);
    this.url = origin + pathname.replace(/\/+$/, '');
    const credentials = [username, password].map(decodeURIComponent).join(':');
    this.#headers =
      username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  }

  async counters(): Promise<LocustCounters> {
    const text = await this.#send('GET', '/stats/requests');
    const parsed = answer.safeParse(parseJson(text));
    if (!parsed.success) throw this.#unreadable('/stats/requests is not what Locust answers', parsed.error);
    return toCounters(parsed.data, text);
  }

  /** Starts a test. Throws GaugewayError usage with Locust's own words when it refuses. */
  async swarm(users: number, spawnRate: number): Promise<void> {
    const form = new URLSearchParams({ user_count: String(users), spawn_rate: String(spawnRate) });
    const said = z
      .object({ success: z.boolean(), message: z.string().optional() })
      .safeParse(parseJson(await this.#send('POST', '/swarm', form.toString())));
    if (said.success && said.data.success) return;
    const why = said.data?.message ?? 'it does not say why';
    throw new GaugewayError('usage', `Locust at ${this.url} did not start a test: ${why}`);
  }

  async stop(): Promise<void> {
    await this.#send('GET', '/stop');
  }

  async #send(method: 'GET' | 'POST', path: string, form?: string): Promise<string> {
    let statusCode: number;
    let text: string;
    try {
      const response = await request(this.url + path, {
        method,
        headers: {
          ...this.#headers,
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(form === undefined ? {} : { body: form }),
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      statusCode = response.statusCode;
      text = await boundedText(response.body);
    } catch (cause) {
      throw this.#unreadable(messageOf(cause), cause);
    }
    if (statusCode === 200) return text;
    const hint = [301, 302, 303, 401, 403].includes(statusCode) ? ' (it asks for a login)' : '';
    throw this.#unreadable(`${path} answered ${statusCode}${hint}`);
  }

  #unreadable(why: string, cause?: unknown): GaugewayError {
    return new GaugewayError('source_unreadable', `Locust at ${this.url}: ${why}`, { cause });
  }
}

async function boundedText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`the answer is longer than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The last row is that of all requests. Texts are HTML in Locust 2.12, which has no 95th percentile either. */
function toCounters(data: z.infer<typeof answer>, text: string): LocustCounters {
  const rows = data.stats.slice(0, -1);
  const textOf = rows.every((each) => each['response_time_percentile_0.95'] === undefined)
    ? unescapeHtml
    : (plain: string): string => plain;
  const kinds = new Map<string, Map<string, number>>();
  for (const error of data.errors) {
    const name = requestName(error.method, textOf(error.name));
    const known = kinds.get(name) ?? new Map<string, number>();
    const kind = failureKind(textOf(error.error));
    kinds.set(name, known.set(kind, (known.get(kind) ?? 0) + error.occurrences));
  }
  const { current_response_time_percentiles: recent = {} } = data;
  return {
    state: data.state,
    users: data.user_count,
    requests: new Map(
      rows.map((each) => {
        const name = requestName(each.method, each.name);
        return [name, { ...toRequests(each), failuresByKind: kinds.get(name) ?? new Map() }];
      }),
    ),
    recentP50Ms: recent['response_time_percentile_0.5'] ?? data.current_response_time_percentile_50 ?? null,
    recentP95Ms: recent['response_time_percentile_0.95'] ?? data.current_response_time_percentile_95 ?? null,
    workers: (data.workers ?? []).map(({ id, cpu_usage }) => ({ name: id, cpuPercent: cpu_usage })),
    text,
  };
}

function toRequests(each: Row): Omit<LocustRequests, 'failuresByKind'> {
  return {
    requests: each.num_requests,
    failures: each.num_failures,
    totalMs: each.avg_response_time * each.num_requests,
    minMs: each.min_response_time,
    maxMs: each.max_response_time,
    p50Ms: each.median_response_time ?? null,
    p95Ms: each['response_time_percentile_0.95'] ?? null,
    p99Ms: each['response_time_percentile_0.99'] ?? each.ninety_ninth_response_time ?? null,
  };
}

/** As our own engine names requests: those of MCP, all of them POST, by what they ask; others with their method. */
function requestName(method: string | null | undefined, name: string): string {
  const bare = method === null || method === undefined || method === '';
  const full = bare || (method === 'POST' && !/^(\/|https?:)/.test(name)) ? name : `${method} ${name}`;
  return full.slice(0, maxNameLength);
}

/** Exceptions of Python and of Locust as its API quotes them, by the names that our own engine gives to kinds of failure. */
const failureKinds: readonly [RegExp, (found: string) => string][] = [
  // The reason that a locustfile gave itself.
  [/^CatchResponseError\('([^'\\]*)'\)$/, (reason) => reason],
  [/^BadStatusCode\(.*code=(\d{3})\)$/s, (status) => `http ${status}`],
  [/^HTTPError\('(\d{3}) /, (status) => `http ${status}`],
  [/^ConnectionRefusedError\(/, () => 'connect ECONNREFUSED'],
  [/^ConnectionResetError\(/, () => 'connection reset'],
  [/^HTTPConnectionClosed\(/, () => 'connection closed'],
  [/^(?:timeout|TimeoutError|ReadTimeout|ConnectTimeout)\(/, () => 'timeout'],
];

function failureKind(error: string): string {
  for (const [pattern, nameOf] of failureKinds) {
    const found = pattern.exec(error);
    if (found !== null) return nameOf(found[1] ?? '').slice(0, maxNameLength);
  }
  return error.slice(0, maxNameLength);
}

const entities = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['#x27', "'"],
  ['#39', "'"],
  ['#34', '"'],
]);

function unescapeHtml(text: string): string {
  return text.replaceAll(/&(#?\w+);/g, (whole, name: string) => entities.get(name) ?? whole);
}
