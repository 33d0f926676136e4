import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';
import uPlot from 'uplot';
import type { Chart } from '../../lab/timeline/charts.ts';
import { formatChartValue, formatClock, formatTick } from '../format/format-value.ts';
import { themeColor, useMediaQuery, type Theme } from '../theme/use-theme.ts';
import { LegendSwatch } from './legend-swatch.tsx';
import { useWidth } from './use-width.ts';

/** Seconds since the run began. */
export interface Span {
  start: number;
  end: number;
}

/** A time in which something that the chart shows could not be read. */
export interface Gap extends Span {
  source: string;
  target: string;
  error: string;
}

export interface TimeChartProps {
  chart: Chart;
  /** Seconds since the run began, one per value. */
  times: number[];
  theme: Theme;
  /** Drawn behind the lines, the wanted one with a tint. */
  phases: (Span & { name: string })[];
  highlights: Span[];
  /** Shaded, and named in the legend. */
  gaps?: Gap[];
  /** What is shown; null shows everything. */
  zoom: Span | null;
  onZoom: (zoom: Span | null) => void;
  /** The hovered second as an index into `times`, shared by all charts of one timeline. */
  cursor: number | null;
  onCursor: (index: number | null) => void;
  heightPx: number;
  /** Writes the phases' names above the plot. */
  namePhases?: boolean;
  /** A second view of a chart that the page already has under its anchor. */
  inset?: boolean;
}

/** Lines are told apart by dash as well as by colour. */
const dashes = [[], [6, 3], [2, 3], [9, 3, 2, 3], [], [6, 3], [2, 3], [9, 3, 2, 3]];
const paperWidthPx = 660;
/** More than this tell nothing; all of them are listed with the collectors. */
const shownGaps = 4;

/** One chart of a timeline with its legend, which shows the values at the cursor. */
export function TimeChart(props: TimeChartProps): ReactNode {
  const { chart, times, cursor, onCursor } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const printing = useMediaQuery('print');
  const widthPx = useWidth(holder);

  useEffect(() => {
    const element = holder.current;
    if (!element || widthPx === 0) return undefined;
    const width = printing ? Math.min(widthPx, paperWidthPx) : widthPx;
    const created = new uPlot(
      options(latest, width),
      [times, ...chart.series.map((line) => line.values)],
      element,
    );
    plot.current = created;
    applyZoom(created, latest.current);
    return () => {
      plot.current = null;
      created.destroy();
    };
  }, [linesOf(chart), props.theme, props.heightPx, widthPx, printing]);

  // A chart that grows keeps its plot, and what is being selected in it.
  useEffect(() => {
    const created = plot.current;
    if (!created || created.data[0] === times) return;
    created.setData([times, ...chart.series.map((line) => line.values)], false);
    applyZoom(created, latest.current);
  }, [chart, times]);

  useEffect(() => {
    if (plot.current) applyZoom(plot.current, latest.current);
  }, [props.zoom]);

  useEffect(() => plot.current?.redraw(false), [props.highlights, props.phases, props.gaps]);

  useEffect(() => {
    const created = plot.current;
    if (!created || created.cursor.idx === cursor) return;
    const left = cursor === null ? -10 : created.valToPos(times[cursor] ?? 0, 'x');
    created.setCursor({ left, top: cursor === null ? -10 : 1 }, false);
  }, [cursor, times]);

  const anchor = useRef<number | null>(null);
  const select = (from: number | null, to: number): void => {
    anchor.current = from;
    const [start, end] = [times[from ?? to] ?? 0, times[to] ?? 0].toSorted((a, b) => a - b);
    if (plot.current) showSelection(plot.current, { start: start ?? 0, end: end ?? 0 });
  };
  const moveCursor = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    const step = steps[event.key];
    if (event.key === 'Escape') {
      if (anchor.current === null && cursor === null) props.onZoom(null);
      select(null, 0);
      onCursor(null);
    }
    if (event.key === 'Enter' && anchor.current !== null && cursor !== null) {
      const [start = 0, end = 0] = [anchor.current, cursor]
        .map((index) => times[index] ?? 0)
        .toSorted((a, b) => a - b);
      select(null, 0);
      if (end > start) props.onZoom({ start, end });
    }
    if (step === undefined) return;
    event.preventDefault();
    const from = cursor ?? (step > 0 ? -1 : times.length);
    const to = Math.max(0, Math.min(times.length - 1, from + step));
    select(event.shiftKey ? (anchor.current ?? cursor ?? to) : null, to);
    onCursor(to);
  };

  return (
    <figure className="time-chart" {...(props.inset ? {} : { id: `chart-${chart.id}` })}>
      <figcaption>
        <h3>{chart.title}</h3>
        <span className="muted">{chart.unit}</span>
      </figcaption>
      <div
        className="time-chart-plot"
        ref={holder}
        data-points={times.length}
        role="img"
        tabIndex={0}
        aria-label={`${chart.title}, ${chart.unit}. ${describe(chart)} Left and right arrow keys read single seconds; with Shift they select a time, which Enter shows.`}
        onKeyDown={moveCursor}
        onBlur={() => onCursor(null)}
      />
      <ul className="time-chart-legend">
        {chart.series.map((line, index) => {
          const value = cursor === null ? highest(line.values) : (line.values[cursor] ?? null);
          return (
            <li key={line.label}>
              <LegendSwatch index={index} mark="line" dash={dashes[index]} />
              <span className="time-chart-label">{line.label}</span>
              <span className="time-chart-value">
                {cursor === null && <span className="muted">max </span>}
                {value === null ? '–' : formatChartValue(value, chart.unit)}
              </span>
            </li>
          );
        })}
        {(props.gaps ?? []).slice(0, shownGaps).map((gap) => (
          <li key={`${gap.source} ${gap.target} ${gap.start}`} className="time-chart-gap" title={gap.error}>
            <span aria-hidden="true">▨</span>
            <span className="time-chart-label">
              {gap.source} not read <span className="muted">{gap.target}</span>
            </span>
            <span className="time-chart-value">
              {formatClock(gap.start)}–{formatClock(gap.end)}
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** What a plot is made for; only its values may change. */
function linesOf({ id, unit, series }: Chart): string {
  return JSON.stringify([id, unit, series.map(({ label }) => label)]);
}

function options(latest: { current: TimeChartProps }, width: number): uPlot.Options {
  const { chart, heightPx, namePhases } = latest.current;
  const axis = { stroke: themeColor('muted'), grid: { stroke: themeColor('grid'), width: 1 } };
  const font = `11px ${themeColor('sans')}`;
  return {
    width,
    height: heightPx,
    legend: { show: false },
    // To the right there is room for the half of the last time that stands beyond the axis.
    padding: [namePhases ? 18 : 8, 18, 0, 0],
    scales: { x: { time: false }, y: { range: (_plot, _min, max) => [0, niceCeiling(max)] } },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 5 } },
    axes: [
      {
        ...axis,
        font,
        size: 24,
        ticks: { show: false },
        space: 60,
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600],
        values: (_plot, values) => values.map(formatClock),
      },
      {
        ...axis,
        font,
        size: 58,
        ticks: { show: false },
        space: 22,
        values: (_plot, values) => values.map((value) => formatTick(value, chart.unit)),
      },
    ],
    series: [
      {},
      ...chart.series.map((line, index) => ({
        label: line.label,
        stroke: themeColor(`series-${index + 1}`),
        width: 1.5,
        dash: dashes[index] ?? [],
        points: {
          show: (plot: uPlot, at: number) =>
            (plot.data[at] ?? []).filter((value) => value !== null).length < 3,
        },
      })),
    ],
    hooks: {
      drawClear: [(plot) => drawSpans(plot, latest.current)],
      setCursor: [
        (plot) => {
          if (plot.cursor.event) latest.current.onCursor(plot.cursor.idx ?? null);
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width: selected } = plot.select;
          if (selected < 4) return;
          const zoom = { start: plot.posToVal(left, 'x'), end: plot.posToVal(left + selected, 'x') };
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
          latest.current.onZoom(zoom);
        },
      ],
    },
  };
}

function drawSpans(plot: uPlot, { phases, highlights, gaps = [], namePhases }: TimeChartProps): void {
  const { ctx, bbox } = plot;
  const draw = (span: Span, color: string): void => {
    const from = Math.max(bbox.left, plot.valToPos(span.start, 'x', true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(span.end, 'x', true));
    if (to <= from) return;
    ctx.fillStyle = color;
    ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height);
  };
  for (const phase of phases) {
    if (phase.name === 'steady') draw(phase, themeColor('phase-steady'));
    const at = plot.valToPos(phase.start, 'x', true);
    if (at <= bbox.left || at > bbox.left + bbox.width) continue;
    ctx.fillStyle = themeColor('phase-edge');
    ctx.fillRect(Math.round(at), bbox.top, 1, bbox.height);
  }
  for (const gap of gaps) draw(gap, themeColor('gap'));
  if (namePhases) drawPhaseNames(plot, phases);
  for (const span of highlights) draw(span, themeColor('highlight'));
}

function drawPhaseNames(plot: uPlot, phases: TimeChartProps['phases']): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px ${themeColor('sans')}`;
  ctx.fillStyle = themeColor('muted');
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  for (const phase of phases) {
    const from = Math.max(bbox.left, plot.valToPos(phase.start, 'x', true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos(phase.end, 'x', true));
    if (ctx.measureText(phase.name).width + 6 < to - from) ctx.fillText(phase.name, from + 3, bbox.top - 2);
  }
  ctx.restore();
}

function showSelection(plot: uPlot, { start, end }: Span): void {
  const left = plot.valToPos(start, 'x');
  const width = plot.valToPos(end, 'x') - left;
  plot.setSelect({ left, width, top: 0, height: width > 0 ? plot.over.clientHeight : 0 }, false);
}

function applyZoom(plot: uPlot, { zoom, times }: TimeChartProps): void {
  const whole = { min: times[0] ?? 0, max: Math.max(times.at(-1) ?? 1, (times[0] ?? 0) + 1) };
  plot.setScale('x', zoom ? { min: zoom.start, max: zoom.end } : whole);
}

/** Room above the highest value, and a scale that does not blow noise around zero up to full height. */
function niceCeiling(max: number | null): number {
  return max === null || max <= 0 ? 1 : max * 1.08;
}

function describe(chart: Chart): string {
  return chart.series
    .map(({ label, values }) => {
      const known = values.filter((value) => value !== null);
      const low = formatChartValue(Math.min(...known), chart.unit);
      const high = formatChartValue(Math.max(...known), chart.unit);
      return `${label}: between ${low} and ${high}.`;
    })
    .join(' ');
}

function highest(values: (number | null)[]): number | null {
  return values.reduce(
    (high, value) => (high === null || (value !== null && value > high) ? value : high),
    null,
  );
}
