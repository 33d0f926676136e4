import { signatureNamed } from '../../logs/known-signatures.ts';
import { lookVerdicts, type LookVerdict, type Remark } from '../look.ts';

const mostRemarks = 6;

/** What to know of each signature that was seen, the worst and most frequent first. */
export function signatureRemarks(seen: ReadonlyMap<string, number>): Remark[] {
  const remarks = [...seen].flatMap(([name, count]) => {
    const signature = signatureNamed(name);
    return signature === undefined ? [] : [{ count, signature }];
  });
  return remarks
    .toSorted((a, b) => rankOf(b.signature.verdict) - rankOf(a.signature.verdict) || b.count - a.count)
    .slice(0, mostRemarks)
    .map(({ count, signature: { name, verdict, meaning, advice } }) => ({
      verdict,
      text: `${name}, ${count} times: ${meaning}`.replace(', 1 times', ', once'),
      advice,
    }));
}

function rankOf(verdict: LookVerdict): number {
  return lookVerdicts.indexOf(verdict);
}
