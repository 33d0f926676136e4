import type { ReactNode } from 'react';
import { RichText } from '../format/rich-text.tsx';
import type { Finding, RunDocument } from '../../lab/run-document.ts';

/** What was ruled out and what nobody could look at: both belong to an honest answer. */
export function Checked(props: { ruledOut: Finding[]; notChecked: RunDocument['notChecked'] }): ReactNode {
  return (
    <section id="checked" aria-labelledby="checked-title" className="two-columns">
      <div>
        <h2 id="checked-title">Ruled out</h2>
        {props.ruledOut.length === 0 && <p className="muted">Nothing.</p>}
        <ul className="plain-list">
          {props.ruledOut.map((finding) => (
            <li key={finding.ruleId}>
              <RichText text={finding.title} />: <strong>no.</strong>{' '}
              <span className="muted">
                <RichText text={finding.evidence[0]?.text ?? ''} />
              </span>
            </li>
          ))}
        </ul>
      </div>
      <div>
        <h2>Not checked</h2>
        {props.notChecked.length === 0 && <p className="muted">Every check could run.</p>}
        <ul className="plain-list">
          {props.notChecked.map((rule) => (
            <li key={rule.ruleId}>
              <RichText text={rule.title} /> <span className="muted">{rule.reason}</span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
