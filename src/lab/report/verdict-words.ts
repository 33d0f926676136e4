import type { Finding, Verdict } from '../run-document.ts';

/** The sign of each verdict, beside its word. */
export const verdictSigns: Record<Verdict, string> = {
  fail: '✕',
  warn: '!',
  pass: '✓',
  'not-applicable': '–',
  error: '?',
};

/** The answer of a run in one sentence, from its first finding, if it has any. */
export function verdictSentence(first: Finding | undefined): string {
  if (!first) return 'Nothing found that limits this stack at this load.';
  if (first.verdict === 'fail') return `${first.title}.`;
  if (first.verdict === 'warn') return `Nothing fails. Worth a look: ${lowerFirst(first.title)}.`;
  return `Not everything could be checked: ${lowerFirst(first.title)}.`;
}

/** Keeps acronyms such as `CPU` as they are. */
export function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
