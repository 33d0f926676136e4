import { nowMs } from '../../../shared/clock.ts';
import { LatencySketch, type SketchData } from '../../../shared/latency-sketch.ts';
import type { NginxSources } from '../../../shared/stack-description.ts';
import { FollowedFile } from '../../followed-file.ts';
import { readingFile } from '../../reading-file.ts';
import { FileLog } from '../../logs/sources/file-log.ts';
import { AccessWindow } from '../../nginx/access-window.ts';
import { accessLogFormat } from '../../nginx/parse-access-line.ts';
import { readStubStatus } from '../../nginx/stub-status.ts';
import type { AccessLogSample, NginxSample } from '../../timeline/samples/nginx-sample.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type Remark, worstVerdict } from '../look.ts';

/** Fewer requests to each upstream on average say nothing about how they are spread. */
const fewestPerUpstream = 20;
/** nginx' own part of a request that is shorter is of no interest. */
const leastOwnMs = 5;
const shownUpstreams = 15;

/** What was seen since the last reading, and the counters of this moment. */
export interface TrafficReading {
  atMs: number;
  status: NginxSample | null;
  access: AccessLogSample | null;
}

interface Times {
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
}

/** `gaugeway nginx --json`. Times are null where the access log does not tell them, or nobody gave one. */
export interface NginxDocument extends LookDocument {
  requestsPerSecond: number | null;
  byStatusClass: Record<string, number>;
  requestTime: Times | null;
  upstreamTime: Times | null;
  /** Of `$request_time`, what is not `$upstream_response_time`. */
  nginxTime: Times | null;
  upstreams: { address: string; requests: number; share: number; failures: number; time: Times | null }[];
  withoutUpstream: number | null;
  unreadable: number;
  connections: NginxSample | null;
  /** Accepted connections that were dropped in the window. */
  dropped: number | null;
}

/** What nginx did in a time: by `stub_status`, by its access log, or by both. */
export class TrafficLook implements Look<TrafficReading, NginxDocument> {
  readonly needsWindow = true;
  readonly #statusUrl: string | undefined;
  readonly #accessLog: string | undefined;
  readonly #file: FollowedFile | undefined;
  #lastMs = 0;

  constructor({ statusUrl, accessLog }: NginxSources) {
    this.#statusUrl = statusUrl;
    this.#accessLog = accessLog;
    this.#file = accessLog === undefined ? undefined : new FollowedFile(accessLog);
  }

  async read(signal: AbortSignal): Promise<TrafficReading> {
    const [status, access] = await Promise.all([
      this.#statusUrl === undefined ? null : readStubStatus(this.#statusUrl, signal),
      this.#readLog(),
    ]);
    return { atMs: nowMs(), status, access };
  }

  judge(after: TrafficReading, before: TrafficReading | undefined, limits: Limits): NginxDocument {
    const windowMs = before === undefined ? 0 : after.atMs - before.atMs;
    const { status, access } = after;
    // The look itself is one of the requests.
    const answered = counted(status, before?.status, ({ requests }) => requests);
    const dropped = counted(status, before?.status, ({ accepts, handled }) => accepts - handled);
    const requests = access?.requests ?? (answered === null ? null : Math.max(0, answered - 1));
    const facts: Omit<NginxDocument, keyof LookDocument> = {
      requestsPerSecond: requests === null || windowMs === 0 ? null : (requests * 1000) / windowMs,
      byStatusClass: access?.byStatusClass ?? {},
      requestTime: timesOf(access?.requestTime),
      upstreamTime: timesOf(access?.upstreamTime),
      nginxTime: timesOf(access?.nginxTime),
      upstreams: upstreamsOf(access),
      withoutUpstream: access?.withoutUpstream ?? null,
      unreadable: access?.unreadable ?? 0,
      connections: status,
      dropped,
    };
    const remarks = remarksOf(facts, access?.requests ?? 0, limits);
    return {
      command: 'nginx',
      atMs: after.atMs,
      windowMs,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks,
      notes: notesOf(facts, this.#statusUrl, this.#accessLog),
      ...facts,
    };
  }

  tables(document: NginxDocument): LookTable[] {
    const { requestTime, upstreamTime, nginxTime, upstreams } = document;
    const parts = [
      { name: 'whole request', time: requestTime },
      { name: 'nginx and the way to the client', time: nginxTime },
      { name: 'upstream', time: upstreamTime },
    ].flatMap(({ name, time }) => (time === null ? [] : [{ name, time }]));
    return [
      { title: '', render: () => summary(document) },
      lookTable({
        title: 'Where the time goes',
        rows: parts,
        name: { title: 'part', value: ({ name }) => name },
        columns: timeColumns(({ time }: { time: Times }) => time),
      }),
      lookTable({
        title: 'By upstream',
        rows: upstreams.slice(0, shownUpstreams),
        name: { title: 'upstream', value: ({ address }) => address },
        columns: [
          { title: 'requests', value: (row) => String(row.requests), expendable: 0 },
          { title: 'share', value: ({ share }) => `${(share * 100).toFixed(0)} %`, expendable: 0 },
          { title: 'failures', value: (row) => String(row.failures), expendable: 1 },
          ...timeColumns(({ time }: NginxDocument['upstreams'][number]) => time),
        ],
      }),
    ];
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #readLog(): Promise<AccessLogSample | null> {
    const path = this.#accessLog;
    if (this.#file === undefined || path === undefined) return null;
    const window = new AccessWindow(this.#statusUrl);
    const startMs = this.#lastMs;
    const file = this.#file;
    if (startMs === 0) {
      await new FileLog(path).open();
      await readingFile(path, () => file.skip());
    }
    await readingFile(path, () => file.pull((line) => window.add(line)));
    this.#lastMs = nowMs();
    return window.sample(startMs === 0 ? 0 : this.#lastMs - startMs);
  }
}

function remarksOf(
  facts: Omit<NginxDocument, keyof LookDocument>,
  requests: number,
  limits: Limits,
): Remark[] {
  const { dropped, byStatusClass, nginxTime, requestTime, upstreams } = facts;
  const remarks: Remark[] = [];
  if (dropped !== null && dropped > 0) {
    remarks.push({
      verdict: 'fail',
      text: `nginx dropped ${dropped} connections that it had accepted`,
      advice: 'raise worker_connections and worker_rlimit_nofile: a proxied request takes two connections',
    });
  }
  const errorPercent = requests === 0 ? 0 : ((byStatusClass['5xx'] ?? 0) / requests) * 100;
  if (errorPercent >= limits['nginx.server-errors']) {
    remarks.push({
      verdict: 'fail',
      text: `${errorPercent.toFixed(1)} % of the answers are 5xx (limit ${limits['nginx.server-errors']} %)`,
      advice: 'gaugeway logs types on the error log of nginx tells why',
    });
  }
  if (nginxTime !== null && requestTime !== null && nginxTime.p95Ms >= leastOwnMs) {
    const share = (nginxTime.p95Ms / requestTime.p95Ms) * 100;
    if (share >= limits['nginx.own-time']) {
      remarks.push({
        verdict: 'warn',
        text: `${share.toFixed(0)} % of the time (p95) is not the upstream's (limit ${limits['nginx.own-time']} %)`,
        advice:
          'slow clients, large bodies that are buffered, rate limits (limit_req with delay), or a busy nginx',
      });
    }
  }
  const ratio = imbalanceOf(upstreams.map((upstream) => upstream.requests));
  if (ratio !== null && ratio > limits['nginx.imbalance']) {
    remarks.push({
      verdict: 'warn',
      text: `the busiest upstream got ${ratio.toFixed(1)} times the requests of the least busy (limit ${limits['nginx.imbalance']})`,
      advice: 'least_conn, and keepalive connections in the upstream block, spread long requests better',
    });
  }
  return remarks;
}

/** How many times more the busiest got than the least busy; null when there is one only, or too little was sent. */
export function imbalanceOf(requests: readonly number[]): number | null {
  const total = requests.reduce((sum, count) => sum + count, 0);
  if (requests.length < 2 || total < requests.length * fewestPerUpstream) return null;
  return Math.max(...requests) / Math.max(1, Math.min(...requests));
}

function notesOf(
  {
    unreadable,
    requestTime,
    upstreamTime,
    upstreams,
    withoutUpstream,
  }: Omit<NginxDocument, keyof LookDocument>,
  statusUrl: string | undefined,
  accessLog: string | undefined,
): string[] {
  const notes: string[] = [];
  if (accessLog === undefined)
    notes.push('request and upstream times: no access log was given (--access-log)');
  if (statusUrl === undefined) notes.push('connections: no stub_status was given (--nginx-status)');
  const tellsNoUpstream =
    upstreamTime === null && upstreams.length === 0 && withoutUpstream === 0 && requestTime !== null;
  if (unreadable > 0 || tellsNoUpstream) {
    notes.push(
      `${unreadable > 0 ? `times of ${unreadable} lines` : 'upstreams'}: the access log needs ${accessLogFormat.replaceAll(/\s*\n\s*/g, ' ')}`,
    );
  }
  return notes;
}

function summary(document: NginxDocument): string[] {
  const { requestsPerSecond, byStatusClass, withoutUpstream, connections, dropped } = document;
  const statuses = Object.entries(byStatusClass).map(([name, count]) => `${count} ${name}`);
  const rate =
    requestsPerSecond === null
      ? 'no requests were counted'
      : `${requestsPerSecond.toFixed(requestsPerSecond < 10 ? 1 : 0)} requests/s`;
  return [
    [rate, ...statuses, ...(withoutUpstream ? [`${withoutUpstream} without an upstream`] : [])].join(', '),
    ...(connections === null
      ? []
      : [
          `connections: ${connections.active} active (${connections.reading} reading, ${connections.writing} writing, ${connections.waiting} waiting), ${dropped ?? 0} dropped`,
        ]),
  ];
}

function counted(
  after: NginxSample | null,
  before: NginxSample | null | undefined,
  read: (sample: NginxSample) => number,
): number | null {
  if (after === null || before === null || before === undefined) return null;
  // nginx was started anew when a counter fell.
  return Math.max(0, read(after) - read(before));
}

function upstreamsOf(access: AccessLogSample | null): NginxDocument['upstreams'] {
  const entries = Object.entries(access?.byUpstream ?? {});
  const total = entries.reduce((sum, [, { requests }]) => sum + requests, 0);
  return entries
    .map(([address, { requests, failures, responseTime }]) => ({
      address,
      requests,
      share: requests / Math.max(1, total),
      failures,
      time: timesOf(responseTime),
    }))
    .toSorted((a, b) => b.requests - a.requests);
}

function timesOf(data: SketchData | undefined): Times | null {
  if (data === undefined || data.count === 0) return null;
  const sketch = LatencySketch.from(data);
  return { p50Ms: sketch.quantileMs(0.5), p95Ms: sketch.quantileMs(0.95), p99Ms: sketch.quantileMs(0.99) };
}

function timeColumns<Row>(read: (row: Row) => Times | null) {
  const column = (title: string, of: (times: Times) => number, expendable: number) => ({
    title,
    expendable,
    value: (row: Row) => {
      const times = read(row);
      return times === null ? '-' : of(times).toFixed(0);
    },
  });
  return [
    column('p50 ms', ({ p50Ms }) => p50Ms, 2),
    column('p95 ms', ({ p95Ms }) => p95Ms, 0),
    column('p99 ms', ({ p99Ms }) => p99Ms, 1),
  ];
}
