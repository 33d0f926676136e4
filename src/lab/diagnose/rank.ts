import type { Finding, Verdict } from '../run-document.ts';

const order: readonly Verdict[] = ['fail', 'warn', 'error', 'pass', 'not-applicable'];

/**
 * The likeliest cause first: by verdict, then by impact × confidence (how much it accounts for, weighted by
 * how sure that is), then by id so that equal findings keep one order.
 */
export function rank(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      order.indexOf(a.verdict) - order.indexOf(b.verdict) ||
      weight(b) - weight(a) ||
      (a.ruleId < b.ruleId ? -1 : 1),
  );
}

function weight(finding: Finding): number {
  return finding.impact * finding.confidence;
}
