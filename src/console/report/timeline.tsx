import { useMemo, useState, type ReactNode } from 'react';
import type { ChartSet } from '../../lab/timeline/charts.ts';
import type { GapSpan } from '../../lab/timeline/gap-spans.ts';
import { TimeChart, type Gap, type Span } from '../charts/time-chart.tsx';
import { formatClock } from '../format/format-value.ts';
import type { Theme } from '../theme/use-theme.ts';

/** Every chart of the run on one time axis: one cursor, one zoom, the phases behind. */
export function Timeline(props: {
  charts: ChartSet;
  gaps: GapSpan[];
  originMs: number;
  phases: (Span & { name: string })[];
  highlights: Span[];
  /** What is shown, and what the CPU profiles are of; null for the whole run. */
  zoom: Span | null;
  onZoom: (zoom: Span | null) => void;
  theme: Theme;
  onClearHighlights: () => void;
}): ReactNode {
  const { charts, originMs, phases, highlights, zoom, onZoom, theme } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const times = useMemo(() => charts.timesMs.map((ms) => (ms - originMs) / 1000), [charts, originMs]);
  const gaps = useMemo(() => gapsByChart(charts, props.gaps, originMs), [charts, props.gaps, originMs]);
  const at = cursor === null ? undefined : times[cursor];
  return (
    <section id="timeline" aria-labelledby="timeline-title">
      <div className="section-head">
        <h2 id="timeline-title">Timeline</h2>
        <div className="buttons" role="group" aria-label="Shown time">
          <button type="button" aria-pressed={zoom === null} onClick={() => onZoom(null)}>
            Whole run
          </button>
          {phases.map((phase) => (
            <button
              key={phase.name}
              type="button"
              aria-pressed={zoom?.start === phase.start && zoom.end === phase.end}
              onClick={() => onZoom({ start: phase.start, end: phase.end })}
            >
              {phase.name}
            </button>
          ))}
          {highlights.length > 0 && (
            <button type="button" onClick={props.onClearHighlights}>
              Clear highlight
            </button>
          )}
        </div>
        <span className="muted clock">
          {at === undefined ? 'drag, or Shift and arrow keys, to select a time' : `at ${formatClock(at)}`}
        </span>
      </div>
      {charts.charts.length === 0 && <p className="muted">No sample was taken in this run.</p>}
      {charts.charts.map((chart, index) => (
        <TimeChart
          key={chart.id}
          chart={chart}
          times={times}
          theme={theme}
          phases={phases}
          highlights={highlights}
          gaps={gaps.get(chart.id) ?? []}
          zoom={zoom}
          onZoom={onZoom}
          cursor={cursor}
          onCursor={setCursor}
          heightPx={index === 0 ? 122 : 112}
          namePhases={index === 0}
        />
      ))}
    </section>
  );
}

function gapsByChart({ charts }: ChartSet, spans: GapSpan[], originMs: number): Map<string, Gap[]> {
  const gaps = spans.map(({ startMs, endMs, ...gap }) => ({
    ...gap,
    start: (startMs - originMs) / 1000,
    end: (endMs - originMs) / 1000,
  }));
  return new Map(
    charts.map(({ id, sources }) => [
      id,
      gaps.filter(({ source }) => sources.some((name) => name === source)),
    ]),
  );
}
