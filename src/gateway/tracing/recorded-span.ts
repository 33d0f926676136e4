/** A finished span, as small as it can be kept until it is sent. */
export interface RecordedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the root of a trace. */
  readonly parentSpanId: string | undefined;
  /** Whether the parent is another process's. */
  readonly isParentRemote: boolean;
  readonly traceState: string | undefined;
  readonly kind: 'server' | 'client';
  readonly name: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Undefined values are left out. */
  readonly attributes: Readonly<Record<string, string | number | undefined>>;
  /** A span that this one has to do with without being its child. */
  readonly link: { readonly traceId: string; readonly spanId: string } | undefined;
  /** Undefined when all went well. */
  readonly error: { readonly message: string | undefined } | undefined;
}

const maxTextLength = 256;

/**
 * A short copy of text that came from outside. A piece of a string keeps all of it in memory, and what waits to be sent
 * is bounded by its number.
 */
export function ownText(text: string): string {
  return Buffer.from(text.slice(0, maxTextLength)).toString();
}
