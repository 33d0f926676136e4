import { useEffect, useRef, type ReactNode } from 'react';
import uPlot from 'uplot';
import { themeColor, useMediaQuery, type Theme } from '../theme/use-theme.ts';
import { LegendSwatch } from './legend-swatch.tsx';
import { useWidth } from './use-width.ts';

export interface CurveSeries {
  label: string;
  /** Points stand for what was measured, a line for what was computed, both for measurements that belong together. */
  mark: 'points' | 'line' | 'both';
  points: readonly { x: number; y: number }[];
}

export interface CurveChartProps {
  title: string;
  unit: string;
  /** What the x axis counts, e.g. `users`. */
  xUnit: string;
  series: readonly CurveSeries[];
  /** A place on the x axis with its name. */
  marked: { x: number; label: string } | null;
  theme: Theme;
  /** Says in words what the chart shows. */
  description: string;
}

const heightPx = 230;
const paperWidthPx = 660;
const dashes = [[], [6, 3], [2, 3]];
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** Curves over a number that is not time, with a legend below. */
export function CurveChart(props: CurveChartProps): ReactNode {
  const { title, unit, series, marked, description, theme } = props;
  const holder = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(holder);
  const printing = useMediaQuery('print');
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = holder.current;
    if (!element || widthPx === 0) return undefined;
    const width = printing ? Math.min(widthPx, paperWidthPx) : widthPx;
    const plot = new uPlot(options(latest.current, width), align(series), element);
    return () => plot.destroy();
  }, [series, marked, theme, widthPx, printing]);

  return (
    <figure className="time-chart curve-chart">
      <figcaption>
        <h3>{title}</h3>
        <span className="muted">{unit}</span>
      </figcaption>
      <div className="time-chart-plot" ref={holder} role="img" aria-label={description} />
      <ul className="time-chart-legend">
        {series.map((line, index) => (
          <li key={line.label}>
            <LegendSwatch index={index} mark={line.mark} dash={dashes[index]} />
            <span className="time-chart-label">{line.label}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** All series on one grid of x, as uPlot wants them. */
function align(series: readonly CurveSeries[]): uPlot.AlignedData {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].toSorted((a, b) => a - b);
  const columns = series.map(({ points }) => {
    const values = new Map(points.map(({ x, y }) => [x, y]));
    return xs.map((x) => values.get(x) ?? null);
  });
  return [xs, ...columns];
}

function options({ series, marked, xUnit }: CurveChartProps, width: number): uPlot.Options {
  const axis = {
    stroke: themeColor('muted'),
    grid: { stroke: themeColor('grid'), width: 1 },
    ticks: { show: false },
    font: `11px ${themeColor('sans')}`,
    values: (_plot: uPlot, values: number[]) => values.map((value) => short.format(value)),
  };
  return {
    width,
    height: heightPx,
    legend: { show: false },
    padding: [18, 12, 0, 0],
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_plot, _min, max) => [0, max * 1.02] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 24, label: xUnit, labelSize: 16, labelFont: axis.font },
      { ...axis, size: 58, space: 26 },
    ],
    series: [
      {},
      ...series.map((line, index): uPlot.Series => {
        const stroke = themeColor(`series-${index + 1}`);
        return {
          label: line.label,
          stroke,
          width: 1.5,
          dash: dashes[index] ?? [],
          spanGaps: true,
          points: { show: line.mark !== 'line', size: 7, fill: stroke },
          ...(line.mark === 'points' ? { paths: () => null } : {}),
        };
      }),
    ],
    hooks: marked === null ? {} : { drawClear: [(plot) => drawMark(plot, marked)] },
  };
}

function drawMark(plot: uPlot, { x, label }: { x: number; label: string }): void {
  const { ctx, bbox } = plot;
  const at = Math.round(plot.valToPos(x, 'x', true));
  if (at < bbox.left || at > bbox.left + bbox.width) return;
  ctx.save();
  ctx.fillStyle = themeColor('phase-edge');
  ctx.fillRect(at, bbox.top, Math.max(1, devicePixelRatio), bbox.height);
  ctx.font = `${11 * devicePixelRatio}px ${themeColor('sans')}`;
  ctx.fillStyle = themeColor('muted');
  ctx.textBaseline = 'bottom';
  ctx.textAlign = at > bbox.left + bbox.width / 2 ? 'right' : 'left';
  ctx.fillText(label, at, bbox.top - 2);
  ctx.restore();
}
