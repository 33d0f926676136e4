import { z } from 'zod';
import { parseJson } from '../parse-json.ts';

/** What is read of a point of k6, by its own time. Names are those of requests; `failure` is a kind of failure. */
export type K6Point = { atMs: number } & (
  | { kind: 'request'; name: string; durationMs: number | undefined }
  | { kind: 'failed'; name: string; failure: string | undefined }
  | { kind: 'check'; name: string | undefined; failure: string }
  | { kind: 'users'; users: number }
  | { kind: 'dropped'; count: number }
);

const line = z.object({
  type: z.literal('Point'),
  metric: z.string(),
  data: z.object({
    time: z.string(),
    value: z.number(),
    tags: z.record(z.string(), z.string()).nullish(),
  }),
});
/** Most lines of k6 are of other metrics, and are not parsed at all. */
const wanted = /"metric":"(?:http_req_duration|http_req_failed|checks|vus|dropped_iterations)"/;
const maxTextLength = 200;

/** Reads a line of k6's `--out json`; undefined for one that says nothing of the load. */
export function readK6Point(text: string): K6Point | undefined {
  if (!wanted.test(text)) return undefined;
  const parsed = line.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { metric, data } = parsed.data;
  const atMs = Date.parse(data.time);
  if (Number.isNaN(atMs)) return undefined;
  const tags = data.tags ?? {};
  switch (metric) {
    case 'http_req_duration':
      return { atMs, kind: 'request', name: requestName(tags), durationMs: durationOf(data.value, tags) };
    case 'http_req_failed':
      return {
        atMs,
        kind: 'failed',
        name: requestName(tags),
        failure: data.value > 0 ? failureOf(tags) : undefined,
      };
    case 'checks':
      return data.value > 0 ? undefined : { atMs, kind: 'check', ...checkOf(tags) };
    case 'vus':
      return { atMs, kind: 'users', users: data.value };
    case 'dropped_iterations':
      return { atMs, kind: 'dropped', count: data.value };
    default:
      return undefined;
  }
}

type Tags = Record<string, string>;

/** The script's own name of a request; without one k6 has its URL there, of which the path is enough. */
function requestName({ name, url, method }: Tags): string {
  const given = name ?? url ?? 'request';
  const full = /^https?:/.test(given) ? `${method ?? 'GET'} ${URL.parse(given)?.pathname ?? given}` : given;
  return full.slice(0, maxTextLength);
}

/** What was never sent took no time: k6 writes 0 there. */
function durationOf(value: number, { status }: Tags): number | undefined {
  return value === 0 && status === '0' ? undefined : value;
}

/** k6's numbers of errors (its documentation, "Error codes"), by the names that our own engine gives them. */
const errorNames = new Map([
  ['1050', 'timeout'],
  ['1101', 'connect ENOTFOUND'],
  ['1211', 'connect timeout'],
  ['1212', 'connect ECONNREFUSED'],
  ['1220', 'connection reset'],
]);

function failureOf({ status, error_code: code, error }: Tags): string {
  if (status !== undefined && status !== '0') return `http ${status}`;
  if (error !== undefined && /\bEOF$/.test(error)) return 'connection closed';
  if (code === undefined) return (error ?? 'failed').slice(0, maxTextLength);
  return errorNames.get(code) ?? `k6 error ${code}`;
}

/** The kind of failure that an exported script gives, or the check's own words. */
function checkOf({ name, failure, check }: Tags): { name: string | undefined; failure: string } {
  return {
    name: name?.slice(0, maxTextLength),
    failure: (failure ?? `check ${check ?? 'failed'}`).slice(0, maxTextLength),
  };
}
