import type { ReactNode } from 'react';
import { verdictSigns } from '../../lab/report/verdict-words.ts';
import type { Verdict } from '../../lab/run-document.ts';

/** The verdict as sign, word and colour, so that none of them has to carry it alone. */
export function VerdictMark({ verdict }: { verdict: Verdict }): ReactNode {
  return (
    <span className={`mark mark-${verdict}`}>
      <span aria-hidden="true">{verdictSigns[verdict]}</span> {verdict}
    </span>
  );
}
