import { maskSecrets } from '../../shared/mask-secrets.ts';

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
  /** Undefined when all went well. Made with `ownMessage`, so that no secret waits to be sent. */
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

/** More than is kept, since masking may shorten it; looking through it takes less than 1 ms, whatever it is. */
const maxMaskedLength = 1024;

/**
 * A short copy of a message, its secrets masked before it is cut: half of one may not look like one. For the same reason
 * a word that ends beyond what is looked through is left out.
 */
export function ownMessage(text: string): string {
  if (text.length <= maxMaskedLength) return ownText(maskSecrets(text));
  const wholeWords = /^[^]*\s/.exec(text.slice(0, maxMaskedLength))?.[0] ?? '';
  return ownText(maskSecrets(`${wholeWords}…`));
}
