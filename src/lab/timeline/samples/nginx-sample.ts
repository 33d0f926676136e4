import type { SketchData } from '../../../shared/latency-sketch.ts';

/** `stub_status`, cumulative but for the states. */
export interface NginxSample {
  active: number;
  reading: number;
  writing: number;
  waiting: number;
  accepts: number;
  /** Fewer than `accepts` when a limit, e.g. `worker_connections`, was reached. */
  handled: number;
  requests: number;
}

/** What nginx wrote to its access log in the window of `windowMs` that ends at the sample's `atMs`. */
export interface AccessLogSample {
  windowMs: number;
  requests: number;
  byStatusClass: Record<string, number>;
  /** `$request_time`: from the first byte of the request to the last of the answer. */
  requestTime: SketchData;
  /** `$upstream_response_time` of requests that were sent on, all tries of a request together. */
  upstreamTime: SketchData;
  /** What is left of `$request_time` without that: nginx' own work, reading from and writing to the client. */
  nginxTime: SketchData;
  /** By `$upstream_addr`. */
  byUpstream: Record<string, { requests: number; failures: number; responseTime: SketchData }>;
  /** Answered without an upstream: from the cache, or refused. */
  withoutUpstream: number;
  /** Lines that are not written in a format that tells `$request_time`, or were left out. */
  unreadable: number;
}
