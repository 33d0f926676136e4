import { useMemo, type ReactNode } from 'react';
import type { ReportProfile } from '../../lab/report/report-profiles.ts';
import type { Span } from '../charts/time-chart.tsx';
import { formatClock } from '../format/format-value.ts';
import { type ProfileScope, windowSpans } from './profile-scope.ts';

export interface ProfileControlsProps {
  scopes: ProfileScope[];
  scope: ProfileScope | undefined;
  onScope: (id: string) => void;
  threads: string[];
  /** Empty for all of them. */
  thread: string;
  onThread: (thread: string) => void;
  windows: ReportProfile[];
  originMs: number;
  range: Span | null;
  onRange: (range: Span | null) => void;
  /** Whether the worst window is compared with a quiet one; null where there are no such. */
  comparing: boolean | null;
  onCompare: (comparing: boolean) => void;
}

const all = 'all';
const chosen = 'chosen';
const compared = 'compared';

/** Which process, which thread, and which time. */
export function ProfileControls(props: ProfileControlsProps): ReactNode {
  const { scopes, scope, threads, thread, range, originMs, comparing } = props;
  const spans = useMemo(
    () =>
      windowSpans(props.windows).map(({ startMs, endMs }) => ({
        start: (startMs - originMs) / 1000,
        end: (endMs - originMs) / 1000,
      })),
    [props.windows, originMs],
  );
  const at = range && spans.findIndex(({ start, end }) => start === range.start && end === range.end);
  const value = comparing === true ? compared : at === null ? all : at < 0 ? chosen : String(at);
  return (
    <form className="controls" onSubmit={(event) => event.preventDefault()}>
      <label>
        Process{' '}
        <select value={scope?.id} onChange={(event) => props.onScope(event.target.value)}>
          {scopes.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {threads.length > 1 && (
        <label>
          Thread{' '}
          <select value={thread} onChange={(event) => props.onThread(event.target.value)}>
            <option value="">all {threads.length}, merged</option>
            {threads.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <label>
        Time{' '}
        <select value={value} onChange={(event) => props.onRange(spans[Number(event.target.value)] ?? null)}>
          {comparing === true && <option value={compared}>the two windows that are compared</option>}
          <option value={all}>all of the run</option>
          {range && value === chosen && (
            <option value={chosen}>as in the timeline, {describeSpan(range)}</option>
          )}
          {spans.map((span, index) => (
            <option key={span.start} value={index}>
              {describeSpan(span)}
            </option>
          ))}
        </select>
      </label>
      {comparing !== null && (
        <button type="button" aria-pressed={comparing} onClick={() => props.onCompare(!comparing)}>
          Worst p99 against a quiet window
        </button>
      )}
    </form>
  );
}

function describeSpan({ start, end }: Span): string {
  return `${formatClock(start)} to ${formatClock(end)}`;
}
