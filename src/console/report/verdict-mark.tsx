import type { ReactNode } from 'react';
import type { Verdict } from '../../lab/run-document.ts';

const marks: Record<Verdict, string> = { fail: '✕', warn: '!', pass: '✓', 'not-applicable': '–', error: '?' };

/** The verdict as sign, word and colour, so that none of them has to carry it alone. */
export function VerdictMark({ verdict }: { verdict: Verdict }): ReactNode {
  return (
    <span className={`mark mark-${verdict}`}>
      <span aria-hidden="true">{marks[verdict]}</span> {verdict}
    </span>
  );
}
