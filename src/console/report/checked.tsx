import type { ReactNode } from 'react';
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
              <span className="mark-pass" aria-hidden="true">
                ✓
              </span>{' '}
              {finding.title} <span className="muted">{finding.evidence[0]?.text}</span>
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
              {rule.title} <span className="muted">{rule.reason}</span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
