import { isObjectAt } from './json-scan.ts';
import { insertMembers, valuesOf } from './json-splice.ts';
import type { MetaContent, WireHeaders } from './wire-codec.ts';

/** Where a trace comes from: W3C Trace Context and Baggage, as they are written. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

/** What a `traceparent` says. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Version 00, and what later ones must begin with (W3C Trace Context, 3.2.2 and 4.3); undefined for anything else. */
export function parseTraceparent(value: unknown): TraceParent | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(value);
  const [, version, traceId, spanId, flags, rest] = match ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The context that came as HTTP headers, to be passed on as it is; undefined without a valid one. */
export function traceHeaders(headers: WireHeaders): Record<string, string> | undefined {
  const { traceparent, tracestate, baggage } = headers;
  if (typeof traceparent !== 'string' || parseTraceparent(traceparent) === undefined) return undefined;
  return {
    traceparent,
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
    ...(typeof baggage === 'string' ? { baggage } : {}),
  };
}

const contextKeys = ['traceparent', 'tracestate', 'baggage'] as const;

/**
 * JSON text of `params` whose `_meta` carries `context`, under the keys without a prefix that the specification keeps
 * for it (SEP-414). What was there in their place is replaced, all else stays byte for byte as it was. A state that
 * belongs to another parent becomes empty, which says nothing; baggage belongs to no parent and stays.
 */
export function withTraceContext(paramsJson: string, meta: MetaContent, context: TraceContext): string {
  if (meta === 'none') return insertMembers(paramsJson, 0, `"_meta":{${membersOf(context, contextKeys)}}`);
  // The last one counts where it comes twice, as for `JSON.parse`.
  const span = valuesOf(paramsJson, 0, '_meta').at(-1);
  if (span === undefined || !isObjectAt(paramsJson, span.start)) return paramsJson;
  let metaJson = paramsJson.slice(span.start, span.end);
  const missing: (typeof contextKeys)[number][] = [];
  for (const key of contextKeys) {
    const value = context[key] ?? (key === 'tracestate' ? '' : undefined);
    const found = valuesOf(metaJson, 0, key);
    if (found.length === 0) missing.push(key);
    else if (value !== undefined) {
      for (const { start, end } of found.toReversed()) {
        metaJson = metaJson.slice(0, start) + JSON.stringify(value) + metaJson.slice(end);
      }
    }
  }
  const members = membersOf(context, missing);
  if (members !== '') metaJson = insertMembers(metaJson, 0, members);
  return paramsJson.slice(0, span.start) + metaJson + paramsJson.slice(span.end);
}

function membersOf(context: TraceContext, keys: readonly (typeof contextKeys)[number][]): string {
  return keys
    .flatMap((key) => (context[key] === undefined ? [] : [`"${key}":${JSON.stringify(context[key])}`]))
    .join(',');
}
