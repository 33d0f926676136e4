import { useMemo, useState, type ReactNode } from 'react';
import type { Chart } from '../../lab/timeline/charts.ts';
import type { LoadMoment } from '../../lab/load/web/stats-answer.ts';
import { TimeChart, type Span } from '../charts/time-chart.tsx';
import type { Theme } from '../theme/use-theme.ts';

/** The whole test, one point a second; one cursor and one zoom for all charts. */
export function LoadCharts({ history, theme }: { history: LoadMoment[]; theme: Theme }): ReactNode {
  const [zoom, setZoom] = useState<Span | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const { times, charts } = useMemo(() => foldHistory(history), [history]);
  return (
    <section aria-labelledby="charts-title">
      <div className="section-head">
        <h2 id="charts-title">Charts</h2>
        {zoom === null ? (
          times.length >= 2 && (
            <p className="muted">
              One point a second. Select a span in a chart to look closer at all of them.
            </p>
          )
        ) : (
          <button type="button" onClick={() => setZoom(null)}>
            Whole test
          </button>
        )}
      </div>
      {times.length < 2 && <p className="muted">Charts begin with the second second.</p>}
      {(times.length < 2 ? none : charts).map((chart) => (
        <TimeChart
          key={chart.id}
          chart={chart}
          times={times}
          theme={theme}
          phases={none}
          highlights={none}
          zoom={zoom}
          onZoom={setZoom}
          cursor={cursor}
          onCursor={setCursor}
          heightPx={170}
        />
      ))}
    </section>
  );
}

/** The same array each time: a new one would draw every chart anew. */
const none: never[] = [];

function foldHistory(history: LoadMoment[]): { times: number[]; charts: Chart[] } {
  const originMs = history[0]?.atMs ?? 0;
  const line = (label: string, value: (moment: LoadMoment) => number | null) => ({
    label,
    values: history.map(value),
  });
  return {
    times: history.map(({ atMs }) => (atMs - originMs) / 1000),
    charts: [
      {
        id: 'throughput',
        title: 'Requests and failures',
        unit: 'per second',
        sources: ['load'],
        series: [line('requests', ({ rps }) => rps), line('failures', ({ failuresPerS }) => failuresPerS)],
      },
      {
        id: 'latency',
        title: 'Response time',
        unit: 'ms',
        sources: ['load'],
        series: [
          line('p50', ({ p50Ms }) => p50Ms),
          line('p95', ({ p95Ms }) => p95Ms),
          line('p99', ({ p99Ms }) => p99Ms),
        ],
      },
      {
        id: 'users',
        title: 'Users',
        unit: 'users',
        sources: ['load'],
        series: [line('users', ({ users }) => users)],
      },
    ],
  };
}
