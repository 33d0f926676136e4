import { useState, type ReactNode } from 'react';
import { formatNumber, formatShare } from '../format/format-value.ts';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import { useTheme } from '../theme/use-theme.ts';
import { Downloads } from './downloads.tsx';
import { figureTabs } from './figure-tabs.tsx';
import { Logs } from './logs.tsx';
import { resetStatistics, stopTest, useLiveTest } from './load-test-api.ts';
import { StartForm } from './start-form.tsx';
import { Tabs } from './tabs.tsx';

/** Starts, edits, watches and stops a load test. */
export function LoadPage(): ReactNode {
  const { theme, toggle } = useTheme();
  const { stats, history, unreachable, refresh } = useLiveTest();
  const [editing, setEditing] = useState(false);
  if (!stats) return <p className="waiting">{unreachable ?? 'Asking for the state of the test…'}</p>;
  const { state, gaugeway: details } = stats;
  const isOver = state === 'ready' || state === 'stopped';
  const hasRun = details.testNumber > 0;
  const act = (action: () => Promise<void>): void => {
    void action().finally(refresh);
  };

  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the figures
      </a>
      <header className="top-bar">
        <span className="brand">Gaugeway load</span>
        <dl className="status" aria-label="Now">
          <Figure name="State" value={state} />
          <Figure name="Users" value={formatNumber(stats.user_count)} />
          <Figure name="Requests/s" value={formatNumber(stats.current_rps)} />
          <Figure name="Failed" value={formatShare(stats.fail_ratio)} />
        </dl>
        <div className="actions">
          {!isOver && (
            <>
              <button type="button" aria-expanded={editing} onClick={() => setEditing(!editing)}>
                Edit
              </button>
              <button type="button" disabled={state === 'stopping'} onClick={() => act(stopTest)}>
                Stop
              </button>
            </>
          )}
          {hasRun && (
            <button type="button" onClick={() => act(resetStatistics)}>
              Reset figures
            </button>
          )}
          <ThemeToggle theme={theme} onToggle={toggle} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {unreachable !== null && (
          <p role="alert" className="notice">
            The load test cannot be reached; these are its last figures. {unreachable}
          </p>
        )}
        {details.error !== null && (
          <p role="alert" className="notice">
            The test ended by itself: {details.error}
          </p>
        )}
        {(isOver || editing) && (
          <StartForm
            key={details.testNumber}
            details={details}
            isRunning={!isOver}
            onDone={() => {
              setEditing(false);
              refresh();
            }}
          />
        )}
        {hasRun && (
          <Tabs
            label="Figures of the test"
            tabs={[
              ...figureTabs({ stats, history, theme, isOver }),
              { id: 'downloads', title: 'Download data', content: <Downloads /> },
              { id: 'logs', title: 'Logs', content: <Logs /> },
            ]}
          />
        )}
      </main>
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
