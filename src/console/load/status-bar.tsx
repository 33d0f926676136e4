import type { ReactNode } from 'react';
import { useMutation } from '@tanstack/react-query';
import type { LoadStatsAnswer } from '../../lab/load/web/stats-answer.ts';
import { formatClock, formatMs, formatNumber, formatShare } from '../format/format-value.ts';
import { ThemeToggle } from '../theme/theme-toggle.tsx';
import type { Theme } from '../theme/use-theme.ts';
import { resetStatistics, stopTest } from './load-test-api.ts';

/** How the test goes, in a line that stays in sight, and what can be done with it. */
export function StatusBar(props: {
  stats: LoadStatsAnswer;
  isOver: boolean;
  /** Whether the form is shown. */
  formOpen: boolean;
  onForm: () => void;
  onHelp: () => void;
  canLogOut: boolean;
  theme: Theme;
  onTheme: () => void;
}): ReactNode {
  const { stats, isOver, formOpen } = props;
  const { state, gaugeway: details } = stats;
  const stop = useMutation({ mutationFn: stopTest });
  const reset = useMutation({ mutationFn: resetStatistics });
  const hasRun = details.testNumber > 0;
  const p95Ms = stats.current_response_time_percentile_95;
  return (
    <header className="top-bar">
      <div className="identity">
        <span className="brand">Gaugeway load</span>
        {details.host !== '' && <span className="target">{details.host}</span>}
      </div>
      <dl className="status" aria-label="Now">
        <Figure name="State" value={state} className={`state state-${state}`} />
        <Figure name="Users" value={formatNumber(stats.user_count)} />
        <Figure
          name={isOver ? 'Req/s' : 'Req/s now'}
          value={formatNumber(isOver ? stats.total_rps : stats.current_rps)}
        />
        {!isOver && <Figure name="p95 now" value={p95Ms === null ? '–' : formatMs(p95Ms)} />}
        <Figure
          name="Failed"
          value={formatShare(stats.fail_ratio)}
          className={stats.total_fail_count > 0 ? 'bad' : ''}
        />
        {hasRun && <Figure name="Time" value={timeOf(stats)} />}
      </dl>
      <div className="actions">
        {!isOver && (
          <button type="button" aria-expanded={formOpen} onClick={props.onForm}>
            Edit
          </button>
        )}
        {!isOver && (
          <button
            type="button"
            className="stop"
            disabled={state === 'stopping' || stop.isPending}
            onClick={() => stop.mutate()}
          >
            Stop
          </button>
        )}
        {isOver && hasRun && (
          <button type="button" className="primary" aria-expanded={formOpen} onClick={props.onForm}>
            New test
          </button>
        )}
        {hasRun && (
          <button type="button" disabled={reset.isPending} onClick={() => reset.mutate()}>
            Reset
          </button>
        )}
        <button type="button" aria-label="Keys" title="Keys (?)" onClick={props.onHelp}>
          ?
        </button>
        <ThemeToggle theme={props.theme} onToggle={props.onTheme} />
        {props.canLogOut && (
          <form method="post" action="logout">
            <button type="submit">Log out</button>
          </form>
        )}
      </div>
      {[stop.error, reset.error].map(
        (error) =>
          error !== null && (
            <p key={error.message} role="alert" className="problem">
              {error.message}
            </p>
          ),
      )}
    </header>
  );
}

function Figure({ name, value, className }: { name: string; value: string; className?: string }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={className}>{value}</dd>
    </div>
  );
}

/** How long the figures cover, and what is left where that is known. */
function timeOf({ gaugeway: { durationMs, endsAtMs } }: LoadStatsAnswer): string {
  const passed = formatClock(durationMs / 1000);
  if (endsAtMs === null) return passed;
  return `${passed}, ${formatClock(Math.max(0, endsAtMs - Date.now()) / 1000)} left`;
}
