import { maskSecrets } from '../../shared/mask-secrets.ts';

/** Enough to recognise an error text by; a table has little room. */
const maxDetailLength = 120;
/** Of a long text no more than this is looked at; identifiers that are taken out leave room for more words. */
const maxReadLength = 400;

/**
 * A kind of failure with the peer's own words: on one line, cut short and without secrets. What differs from request
 * to request (identifiers, long numbers) becomes `#`, so that one fault stays one kind.
 */
export function failureKind(failure: string, detail: string): string {
  if (detail === '') return failure;
  const words = maskSecrets(detail.slice(0, maxReadLength))
    .replace(variable, '#')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return `${failure}: ${words.length > maxDetailLength ? `${words.slice(0, maxDetailLength - 1)}…` : words}`;
}

/** UUIDs, hexadecimal identifiers and numbers that are no status or count; a hexadecimal word without a digit is a word. */
const variable =
  /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b|\b(?=[a-f]*\d)[\da-f]{8,}\b|\d{4,}(?:\.\d+)?/gi;
