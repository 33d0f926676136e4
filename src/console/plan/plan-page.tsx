import type { ReactNode } from 'react';
import type { ExplainDocument, ExplainedStatement } from '../../lab/look/pg/explain.ts';
import { formatMs, formatNumber } from '../format/format-value.ts';
import { VerdictMark } from '../report/verdict-mark.tsx';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { useTheme } from '../theme/use-theme.ts';
import { PlanView } from './plan-view.tsx';

/** What `pg explain --html` writes: each statement with its plan. */
export function PlanPage({ explained }: { explained: ExplainDocument }): ReactNode {
  const { theme, toggle } = useTheme();
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the plans
      </a>
      <header className="top-bar">
        <span className="brand">Gaugeway</span>
        <span className="run-name">
          Query plans · PostgreSQL {explained.serverVersion} · {new Date(explained.atMs).toLocaleString()}
        </span>
        <ThemeToggle theme={theme} onToggle={toggle} />
      </header>
      <main id="main" tabIndex={-1}>
        {explained.statements.map((statement, index) => (
          <Statement
            key={`${statement.queryId} ${index}`}
            statement={statement}
            number={index + 1}
            title={explained.statements.length === 1 ? 'Query plan' : `Statement ${index + 1}`}
          />
        ))}
        {explained.notes.map((note) => (
          <p key={note} className="muted">
            Not seen: {note}
          </p>
        ))}
      </main>
    </>
  );
}

function Statement({
  statement,
  number,
  title,
}: {
  statement: ExplainedStatement;
  number: number;
  title: string;
}): ReactNode {
  const { sql, calls, meanMs, mode, whyPlanned, undone, reading } = statement;
  return (
    <section aria-labelledby={`statement-${number}`}>
      <div className="section-head">
        <h1 id={`statement-${number}`}>{title}</h1>
        <VerdictMark verdict={reading.verdict === 'ok' ? 'pass' : reading.verdict} />
        {calls > 0 && (
          <span className="muted">
            {formatNumber(calls)} calls · mean {formatMs(meanMs)}
          </span>
        )}
      </div>
      <pre className="sql">{sql}</pre>
      <p className="muted">
        {mode === 'analyze'
          ? undone
            ? 'Run once and rolled back, but for the sequences that it advanced and what it did outside the database.'
            : 'Run once, read-only.'
          : `Only planned, all figures are estimates: ${whyPlanned ?? 'it was not run'}.`}
      </p>
      <PlanView reading={reading} label={`Nodes of statement ${number}`} />
    </section>
  );
}
