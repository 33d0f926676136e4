import type { ReactNode } from 'react';
import { capacitySentence, capacityVerdict, verdictSentence } from '../../lab/report/verdict-words.ts';
import type { Finding, RunDocument } from '../../lab/run-document.ts';
import { formatKnown, formatMs, formatNumber, formatShare } from '../format/format-value.ts';
import { RichText } from '../format/rich-text.tsx';
import { VerdictMark } from './verdict-mark.tsx';

/** The answer in one sentence, and the figures one asks for next. */
export function Verdict({ run }: { run: RunDocument }): ReactNode {
  const { load, settings, capacity } = run;
  const [first] = run.findings;
  const [advice] = (capacity ?? first)?.advice ?? [];
  const hold = capacity?.steps.find(({ role }) => role === 'hold');
  const users = hold?.users ?? settings.users;
  const failureShare = load.requests === 0 ? 0 : load.failures / load.requests;
  return (
    <section className="verdict" aria-labelledby="verdict">
      <p className="verdict-kicker">
        {run.stack.name} · {new Date(run.startedAt).toLocaleString()}{' '}
        {run.interrupted && '· stopped before its end'}
      </p>
      <div className="verdict-sentence">
        <VerdictMark verdict={capacity ? capacityVerdict(capacity) : (first?.verdict ?? 'pass')} />
        <h1 id="verdict">
          <RichText text={capacity ? capacitySentence(capacity) : verdictSentence(first)} />
        </h1>
      </div>
      {advice !== undefined && (
        <p className="verdict-advice">
          <RichText text={advice} />
        </p>
      )}
      <p className="muted">{counts(run)}</p>
      <dl className="figures">
        <Figure
          name="requests per second"
          value={formatNumber(load.rps)}
          note={`${formatNumber(load.requests)} requests`}
        />
        <Figure name="p50" value={formatKnown(load.p50Ms, formatMs)} />
        <Figure name="p95" value={formatKnown(load.p95Ms, formatMs)} />
        <Figure name="p99" value={formatKnown(load.p99Ms, formatMs)} />
        <Figure
          name="failed"
          value={formatShare(failureShare)}
          note={`${formatNumber(load.failures)} requests`}
        />
        {users === null ? (
          <Figure name="load" value={settings.scenario} />
        ) : (
          <Figure name="users" value={formatNumber(users)} note={settings.scenario} />
        )}
        <Figure name="duration" value={formatMs(run.durationMs)} note="the whole run" />
      </dl>
    </section>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note?: string }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  );
}

function counts({ findings, ruledOut, notChecked }: RunDocument): string {
  const of = (verdict: Finding['verdict']): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  return [
    `${of('fail')} failing`,
    `${of('warn')} to look at`,
    ...(of('error') > 0 ? [`${of('error')} checks in error`] : []),
    `${ruledOut.length} ruled out`,
    `${notChecked.length} not checked`,
  ].join(' · ');
}
