import { LatencySketch } from '../../shared/latency-sketch.ts';
import { labUserAgent } from '../../shared/lab-agent.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';
import type { AccessLogSample } from '../timeline/samples/nginx-sample.ts';
import { parseAccessLine } from './parse-access-line.ts';

/** Upstreams that are told apart; more are counted as one. */
const maxUpstreams = 50;
const otherUpstreams = '(other upstreams)';

interface UpstreamCount {
  requests: number;
  failures: number;
  responseTime: LatencySketch;
}

/** Counts the lines of an access log that were written in one window; requests of the lab itself are left out. */
export class AccessWindow {
  requests = 0;
  unreadable = 0;
  withoutUpstream = 0;
  readonly requestTime = new LatencySketch();
  readonly upstreamTime = new LatencySketch();
  readonly nginxTime = new LatencySketch();
  readonly #byStatusClass = new Map<string, number>();
  readonly #byUpstream = new Map<string, UpstreamCount>();

  readonly #statusPath: string | undefined;

  /** `statusUrl` is that of `stub_status`: what asks for it is no request of the load, whoever asks. */
  constructor(statusUrl?: string) {
    this.#statusPath = statusUrl === undefined ? undefined : new URL(statusUrl).pathname;
  }

  add(line: string): void {
    if (line.includes(labUserAgent) || this.#asksStatus(line)) return;
    const entry = line === '' ? undefined : parseAccessLine(line);
    if (entry === undefined) {
      if (line !== '') this.unreadable += 1;
      return;
    }
    const { status, requestMs, upstreams, tellsUpstream } = entry;
    this.requests += 1;
    const statusClass = `${Math.floor(status / 100)}xx`;
    this.#byStatusClass.set(statusClass, (this.#byStatusClass.get(statusClass) ?? 0) + 1);
    if (requestMs === null) this.unreadable += 1;
    else this.requestTime.record(requestMs * 1000);
    if (upstreams.length === 0) {
      if (tellsUpstream) this.withoutUpstream += 1;
      return;
    }
    for (const each of upstreams) {
      const upstream = this.#upstream(each.address);
      upstream.requests += 1;
      if (each.responseMs !== null) upstream.responseTime.record(each.responseMs * 1000);
      if (each.status === null ? status >= 500 : each.status >= 500) upstream.failures += 1;
    }
    // A websocket or an event stream is open as long as the client wants: its upstream is, too.
    const upstreamMs = upstreams.reduce((sum, { responseMs }) => sum + (responseMs ?? 0), 0);
    this.upstreamTime.record(upstreamMs * 1000);
    if (requestMs !== null) this.nginxTime.record(Math.max(0, requestMs - upstreamMs) * 1000);
  }

  sample(windowMs: number): AccessLogSample {
    return {
      windowMs,
      requests: this.requests,
      byStatusClass: Object.fromEntries([...this.#byStatusClass].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      requestTime: this.requestTime.toJSON(),
      upstreamTime: this.upstreamTime.toJSON(),
      nginxTime: this.nginxTime.toJSON(),
      byUpstream: Object.fromEntries(
        [...this.#byUpstream].map(([address, { requests, failures, responseTime }]) => [
          address,
          { requests, failures, responseTime: responseTime.toJSON() },
        ]),
      ),
      withoutUpstream: this.withoutUpstream,
      unreadable: this.unreadable,
    };
  }

  /** As in `"GET /nginx_status HTTP/1.1"`, or by itself as a value of JSON. */
  #asksStatus(line: string): boolean {
    const path = this.#statusPath;
    if (path === undefined || path === '/') return false;
    return [` ${path} `, ` ${path}?`, `"${path}"`, `"${path}?`].some((text) => line.includes(text));
  }

  #upstream(address: string): UpstreamCount {
    const masked = maskSecrets(address).slice(0, 100);
    const isNew = !this.#byUpstream.has(masked);
    const name = isNew && this.#byUpstream.size >= maxUpstreams ? otherUpstreams : masked;
    const known = this.#byUpstream.get(name);
    if (known !== undefined) return known;
    const made = { requests: 0, failures: 0, responseTime: new LatencySketch() };
    this.#byUpstream.set(name, made);
    return made;
  }
}
