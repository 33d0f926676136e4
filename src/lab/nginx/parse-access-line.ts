/** A request as nginx wrote it to its access log; times are null where its format does not tell them. */
export interface AccessEntry {
  /** When it was answered. */
  atMs: number | null;
  status: number;
  /** `$request_time`: from the first byte of the request to the last of the answer. */
  requestMs: number | null;
  /** The tries at upstreams, in their order; empty when none was asked. */
  upstreams: UpstreamTry[];
  /** Whether the format tells of upstreams at all. */
  tellsUpstream: boolean;
}

export interface UpstreamTry {
  /** `$upstream_addr`, e.g. `127.0.0.1:4444`; `-` where the format leaves it out. */
  address: string;
  /** `$upstream_response_time`; null when there was no answer. */
  responseMs: number | null;
  /** `$upstream_connect_time`. */
  connectMs: number | null;
  /** `$upstream_status`; null when there was none. */
  status: number | null;
}

/** The names that people give to the variables, beside those of the variables themselves. */
const names = {
  request: ['request_time', 'rt', 'req_time', 'duration', 'request_duration'],
  response: ['upstream_response_time', 'urt', 'upstream_time', 'ut', 'upstream_duration'],
  connect: ['upstream_connect_time', 'uct'],
  address: ['upstream_addr', 'ua', 'upstream', 'upaddr'],
  upstreamStatus: ['upstream_status', 'us', 'ustatus'],
  status: ['status', 'status_code', 'code'],
  time: ['time_iso8601', 'time_local', 'time', 'timestamp', '@timestamp', 'msec'],
} as const;

/** The common and the combined format begin so; what follows is read as `name=value`. */
const combined = /^\S+ \S+ .{1,200}?\[([^\]]{10,40})\] "(?:[^"\\]|\\.)*" (\d{3}) (?:\d+|-)(.*)$/;
const pair = /(?:^|\s)([A-Za-z_]{1,40})[=:](?:"([^"]*)"|(\S*))/g;
const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Reads a line of an access log: JSON (`log_format … escape=json`), or the combined format, with the times behind it as
 * `name=value`, e.g. `rt=0.123 urt="0.120"`. Undefined for a line that is neither.
 */
export function parseAccessLine(line: string): AccessEntry | undefined {
  if (line.startsWith('{')) return fromJson(line);
  const match = combined.exec(line);
  if (match !== null) {
    const [, time = '', status = '', rest = ''] = match;
    const fields = new Map(
      [...rest.matchAll(pair)].map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']),
    );
    return entryOf(fields, Number(status), timeOf(time));
  }
  const fields = new Map(
    [...line.matchAll(pair)].map(([, name = '', quoted, bare]) => [name, quoted ?? bare ?? '']),
  );
  return fields.size < 2 ? undefined : entryOf(fields, undefined, null);
}

/** What `log_format` has to hold for all figures, as it is written in `nginx.conf`. */
export const accessLogFormat = `log_format gaugeway '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
  '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" '
  'urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"';`;

function fromJson(line: string): AccessEntry | undefined {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof record !== 'object' || record === null) return undefined;
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'string' || typeof value === 'number') fields.set(name, String(value));
  }
  return entryOf(fields, undefined, null);
}

function entryOf(
  fields: ReadonlyMap<string, string>,
  knownStatus: number | undefined,
  knownAtMs: number | null,
): AccessEntry | undefined {
  const find = (wanted: readonly string[]): string | undefined =>
    wanted.map((name) => fields.get(name)).find((value) => value !== undefined);
  const status = knownStatus ?? Number(find(names.status));
  if (!(status >= 100 && status <= 599)) return undefined;
  const [responses, connects, addresses, statuses] = [
    find(names.response),
    find(names.connect),
    find(names.address),
    find(names.upstreamStatus),
  ].map((list) => (list === undefined ? undefined : tries(list)));
  const count = Math.max(responses?.length ?? 0, addresses?.length ?? 0);
  return {
    atMs: knownAtMs ?? timeOf(find(names.time) ?? ''),
    status,
    requestMs: seconds(find(names.request)),
    upstreams: Array.from({ length: count }, (_, at) => ({
      address: addresses?.[at] ?? '-',
      responseMs: seconds(responses?.[at]),
      connectMs: seconds(connects?.[at]),
      status: statusOf(statuses?.[at]),
    })),
    tellsUpstream: responses !== undefined || addresses !== undefined,
  };
}

/** nginx lists the tries at servers of a group with commas, and of further groups with colons between blanks. */
function tries(list: string): string[] {
  const trimmed = list.trim();
  return trimmed === '' || trimmed === '-' ? [] : trimmed.split(/\s*,\s*|\s+:\s+/);
}

function seconds(text: string | undefined): number | null {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : null;
}

function statusOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{3}$/.test(text) ? Number(text) : null;
}

function timeOf(text: string): number | null {
  const [, day, name = '', year, clock, zone] =
    /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})$/.exec(text) ?? [];
  const monthNumber = String(month.indexOf(name) + 1).padStart(2, '0');
  const atMs = Date.parse(day === undefined ? text : `${year}-${monthNumber}-${day}T${clock}${zone}`);
  return Number.isNaN(atMs) ? null : atMs;
}
