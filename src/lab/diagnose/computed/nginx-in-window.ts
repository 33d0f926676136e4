import { LatencySketch } from '../../../shared/latency-sketch.ts';
import { defineFact } from './facts.ts';
import { counterGrowth } from './statistics.ts';
import { readingsIn, samplesIn, steadyWindow } from './window.ts';

/** What the access log tells of the window. Times in milliseconds. */
export interface AccessInWindow {
  seconds: number;
  requests: number;
  /** p95 of `$request_time`, of `$upstream_response_time` and of what is left without it. */
  requestP95Ms: number;
  upstreamP95Ms: number;
  nginxP95Ms: number;
  /** Share (0..1) of the time of all requests that is nginx' own. */
  nginxShare: number;
  /** Whether times were told at all. */
  timed: boolean;
  upstreams: { address: string; requests: number; p95Ms: number }[];
}

/** The access log, all of them together; undefined when nothing was read in the window. */
export const accessInWindow = defineFact(
  ['phases', 'access-log'],
  (artifacts, facts): AccessInWindow | undefined => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return undefined;
    const samples = [...artifacts['access-log'].values()].flatMap((series) =>
      series.filter((sample) => samplesIn([sample], window, sample.data.windowMs).length > 0),
    );
    if (samples.length === 0) return undefined;
    const [whole, upstream, own] = [new LatencySketch(), new LatencySketch(), new LatencySketch()];
    const byAddress = new Map<string, { requests: number; time: LatencySketch }>();
    let requests = 0;
    for (const { data } of samples) {
      requests += data.requests;
      whole.merge(data.requestTime);
      upstream.merge(data.upstreamTime);
      own.merge(data.nginxTime);
      for (const [address, each] of Object.entries(data.byUpstream)) {
        const known = byAddress.get(address) ?? { requests: 0, time: new LatencySketch() };
        known.requests += each.requests;
        known.time.merge(each.responseTime);
        byAddress.set(address, known);
      }
    }
    return {
      seconds: samples.length,
      requests,
      requestP95Ms: whole.quantileMs(0.95),
      upstreamP95Ms: upstream.quantileMs(0.95),
      nginxP95Ms: own.quantileMs(0.95),
      nginxShare: whole.sumUs > 0 ? own.sumUs / whole.sumUs : 0,
      timed: own.count > 0,
      upstreams: [...byAddress]
        .map(([address, each]) => ({ address, requests: each.requests, p95Ms: each.time.quantileMs(0.95) }))
        .toSorted((a, b) => b.requests - a.requests || (a.address < b.address ? -1 : 1)),
    };
  },
);

/** Connections that nginx accepted and dropped in the window. */
export const nginxDropped = defineFact(['phases', 'nginx'], ({ nginx }, facts) => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return undefined;
  const all = [...nginx.values()].map((series) => readingsIn(series, window));
  const growth = (read: (sample: { accepts: number; handled: number }) => number): number =>
    all.reduce((sum, readings) => sum + counterGrowth(readings.map(({ data }) => read(data))), 0);
  const accepted = growth(({ accepts }) => accepts);
  return {
    readings: Math.max(0, ...all.map(({ length }) => length)),
    accepted,
    dropped: Math.max(0, accepted - growth(({ handled }) => handled)),
  };
});
