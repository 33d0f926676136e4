import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { useMutation } from '@tanstack/react-query';
import type { LoadStatsAnswer } from '../../lab/load/web/stats-answer.ts';
import { KeyHelp, type KeyRow } from '../keys/key-help.tsx';
import { useTheme } from '../theme/use-theme.ts';
import { Downloads } from './downloads.tsx';
import { figureTabs } from './figure-tabs.tsx';
import type { Hearing } from './live-connection.ts';
import { swarm } from './load-test-api.ts';
import { Logs } from './logs.tsx';
import { StartForm } from './start-form.tsx';
import { StatusBar } from './status-bar.tsx';
import { Tabs } from './tabs.tsx';
import { useLiveTest } from './use-live-test.ts';
import { useUserKeys } from './use-user-keys.ts';
import { GeneratorWarning } from './workers.tsx';

const keyRows: readonly KeyRow[] = [
  { keys: ['w', 'W'], does: '1 or 10 more users, while a test runs' },
  { keys: ['s', 'S'], does: '1 or 10 fewer users, while a test runs' },
  { keys: ['←', '→'], does: 'the tab before or after; in a chart, the second before or after' },
  { keys: ['Page Up', 'Page Down'], does: 'in a chart, ten seconds' },
  { keys: ['Esc'], does: 'leave a chart, close this' },
  { keys: ['?'], does: 'show this' },
];

/** Starts, edits, watches and stops a load test. */
export function LoadPage({ canLogOut }: { canLogOut: boolean }): ReactNode {
  const { theme, toggle } = useTheme();
  const { stats, history, logLines, hearing } = useLiveTest();
  const [formOpen, setFormOpen] = useState(false);
  const [helpOpen, setHelpOpen] = useState(false);
  const change = useMutation({ mutationFn: swarm, scope: { id: 'swarm' } });
  const details = stats?.gaugeway;
  const state = stats?.state ?? 'ready';
  const isOver = state === 'ready' || state === 'stopped';
  const closeForm = useCallback(() => setFormOpen(false), []);
  // What runs now was not started, or not stopped, with this form.
  useEffect(closeForm, [isOver, details?.testId, closeForm]);
  useUserKeys({
    isRunning: !isOver && state !== 'stopping',
    users: details?.users ?? 1,
    onUsers: (users) =>
      change.mutate({ user_count: String(users), spawn_rate: String(details?.spawnRate ?? 1) }),
    onHelp: () => setHelpOpen(true),
  });
  useEffect(() => {
    document.title = titleOf(stats);
  }, [stats]);

  if (!stats || !details) {
    return (
      <p className="waiting">
        {hearing.kind === 'lost'
          ? `The load test cannot be reached: ${hearing.problem}`
          : 'Asking for the state of the test…'}
      </p>
    );
  }
  const hasRun = details.testNumber > 0;
  const showsForm = formOpen || !hasRun;

  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the figures
      </a>
      <StatusBar
        stats={stats}
        isOver={isOver}
        formOpen={showsForm}
        onForm={() => setFormOpen(!formOpen)}
        onHelp={() => setHelpOpen(true)}
        canLogOut={canLogOut}
        theme={theme}
        onTheme={toggle}
      />
      <main id="main" tabIndex={-1}>
        <Connection hearing={hearing} />
        {change.error !== null && (
          <p role="alert" className="notice fails">
            The users were not changed: {change.error.message}
          </p>
        )}
        {details.error !== null && (
          <p role="alert" className="notice fails">
            The test ended by itself: {details.error}
          </p>
        )}
        <GeneratorWarning generators={isOver ? [] : details.generators} health={details.generatorHealth} />
        {showsForm && (
          <StartForm
            key={`${details.testId} ${isOver}`}
            details={details}
            isRunning={!isOver}
            onDone={closeForm}
            {...(hasRun ? { onCancel: closeForm } : {})}
          />
        )}
        {hasRun && (
          <Tabs
            label="Figures of the test"
            tabs={[
              ...figureTabs({ stats, history, theme, isOver, isLive: true }),
              { id: 'downloads', title: 'Download data', content: <Downloads /> },
              { id: 'logs', title: 'Logs', content: <Logs lines={logLines} /> },
            ]}
          />
        )}
      </main>
      {helpOpen && <KeyHelp rows={keyRows} onClose={() => setHelpOpen(false)} />}
    </>
  );
}

/** Says when the figures do not come by themselves, or not at all. */
function Connection({ hearing }: { hearing: Hearing }): ReactNode {
  return (
    <div role="status">
      {hearing.kind === 'asking' && (
        <p className="notice warns">
          The live connection is lost. The figures are asked for every two seconds until it is back.
        </p>
      )}
      {hearing.kind === 'lost' && (
        <p className="notice fails">
          The load test cannot be reached; these are its last figures. {hearing.problem}
        </p>
      )}
    </div>
  );
}

/** What can be read off a tab of the browser. */
function titleOf(stats: LoadStatsAnswer | null): string {
  const name = 'Gaugeway load test';
  if (stats === null || stats.state === 'ready') return name;
  return stats.state === 'stopped' ? `stopped · ${name}` : `${Math.round(stats.current_rps)}/s · ${name}`;
}
