import { signatureNamed } from '../../../logs/known-signatures.ts';
import { confidenceOf } from '../../computed/confidence.ts';
import { counted, figure } from '../../computed/figures.ts';
import { loadAt, loadOverTime } from '../../computed/load-at.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { judgedLogs } from '../../computed/log-kinds-in-window.ts';
import { rounded, shareWithin } from '../../computed/statistics.ts';
import { defineRule, type RuleOutcome } from '../../rule.ts';

const listed = 5;
/** A signature says itself what is wrong: one is as sure as many. */
const sureRatio = 2;

/** Words in a log that say by themselves what ran out. */
export const knownSignature = defineRule({
  id: 'known-signature',
  area: 'logs',
  title: 'A log tells what ran out',
  requires: ['phases', 'log'],
  optional: ['load'],
  vetoedByGenerator: false,
  evaluate({ facts }): RuleOutcome {
    const logs = facts.get(judgedLogs);
    if ('reason' in logs) return { verdict: 'not-applicable', reason: logs.reason };
    const { kinds, windows } = logs;
    const seen = kinds.flatMap((kind) => {
      const signature = kind.signature === null ? undefined : signatureNamed(kind.signature);
      return signature === undefined ? [] : [{ ...kind, signature }];
    });
    const ranked = seen.toSorted(
      (a, b) =>
        Number(b.signature.verdict === 'fail') - Number(a.signature.verdict === 'fail') || b.count - a.count,
    );
    const [worst] = ranked;
    const confidence = confidenceOf({
      samples: windows,
      ratio: sureRatio,
      corroborated: worst === undefined,
    });
    if (worst === undefined) {
      return {
        verdict: 'pass',
        value: 0,
        unit: 'entries',
        confidence,
        impact: 0,
        evidence: [
          { text: 'No entry of the logs has a known signature.', source: 'logs', chart: 'log-entries' },
        ],
        counterEvidence: [],
        advice: [],
      };
    }
    const requests = facts.find(loadInWindow)?.total.requests ?? 0;
    const samples = facts.find(loadOverTime) ?? [];
    return {
      verdict: worst.signature.verdict,
      value: worst.count,
      unit: 'entries',
      confidence,
      impact: rounded(shareWithin(worst.count, requests)),
      title: `${worst.target} tells of ${worst.signature.name}, ${figure(worst.count)} times`,
      evidence: ranked.slice(0, listed).map(({ target, signature, count, template, firstSeenMs }) => {
        const at = loadAt(samples, firstSeenMs);
        const when = at === undefined ? '' : `, first at ${counted(at.users, 'user')}`;
        return {
          text: `${target}: ${figure(count)} times \`${template}\`${when}: ${signature.meaning}.`,
          source: 'logs',
          chart: 'log-entries',
        };
      }),
      counterEvidence: [],
      advice: [...new Set(ranked.slice(0, listed).map(({ signature }) => sentence(signature.advice)))],
    };
  },
});

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
