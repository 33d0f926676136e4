import type { ArtifactSlots, Series, Slot, Timed } from '../diagnose/artifacts.ts';
import { align, grid } from './align-series.ts';
import type { ChartDefinition, ChartUnit, SeriesBySource } from './charts/chart-definition.ts';
import { containerCharts } from './charts/container-charts.ts';
import { hostCharts } from './charts/host-charts.ts';
import { loadCharts } from './charts/load-charts.ts';
import { logCharts } from './charts/log-charts.ts';
import { nginxCharts } from './charts/nginx-charts.ts';
import { pgbouncerCharts } from './charts/pgbouncer-charts.ts';
import { postgresCharts } from './charts/postgres-charts.ts';
import { processCharts } from './charts/process-charts.ts';
import { redisCharts } from './charts/redis-charts.ts';
import { sources, type SourceName } from './samples.ts';

export type { ChartUnit } from './charts/chart-definition.ts';

export interface ChartSeries {
  label: string;
  /** One value per entry of the chart set's `timesMs`; null where nothing was read. */
  values: (number | null)[];
}
export interface Chart {
  id: ChartId;
  title: string;
  unit: ChartUnit;
  series: ChartSeries[];
  /** Where its values come from: a gap of one of these is a gap of the chart. */
  sources: SourceName[];
}
/** All charts of a run on one grid of whole seconds, uPlot's aligned shape. */
export interface ChartSet {
  timesMs: number[];
  charts: Chart[];
}

/** Every chart, in the order of the timeline. Evidence refers to these ids. */
const definitions = {
  ...loadCharts,
  ...processCharts,
  ...containerCharts,
  ...hostCharts,
  ...postgresCharts,
  ...pgbouncerCharts,
  ...redisCharts,
  ...nginxCharts,
  ...logCharts,
} as const satisfies Record<string, ChartDefinition>;

export type ChartId = keyof typeof definitions;

/** All charts that a timeline may have, in its order. */
export const charts: readonly { id: ChartId; title: string; unit: ChartUnit }[] = entries(definitions).map(
  ([id, { title, unit }]) => ({ id, title, unit }),
);

/** The lines that a chart shows at most; the rest is left out, the largest are kept. */
const maxSeriesPerChart = 8;
const minWindowMs = 500;

/** The samples of each source by target; nothing where the run has none. */
export function seriesBySource(artifacts: ArtifactSlots): SeriesBySource {
  return {
    load: seriesOf(artifacts.load),
    postgres: seriesOf(artifacts.postgres),
    statements: seriesOf(artifacts.statements),
    pgbouncer: seriesOf(artifacts.pgbouncer),
    redis: seriesOf(artifacts.redis),
    nginx: seriesOf(artifacts.nginx),
    'access-log': seriesOf(artifacts['access-log']),
    log: seriesOf(artifacts.log),
    host: seriesOf(artifacts.host),
    container: seriesOf(artifacts.container),
    process: seriesOf(artifacts.process),
    node: seriesOf(artifacts.node),
    prometheus: seriesOf(artifacts.prometheus),
    lab: seriesOf(artifacts.lab),
  };
}

/** Folds what was sampled into charts on one grid of seconds. Charts without a value are left out. Pure. */
export function foldCharts(artifacts: ArtifactSlots): ChartSet {
  const series = { ...seriesBySource(artifacts), load: wholeWindows(seriesOf(artifacts.load)) };
  const timesMs = grid(Object.values(series).flatMap((targets) => [...targets.values()].flat()));
  const folded: Chart[] = [];
  for (const [id, definition] of entries(definitions)) {
    const lines = new Map<string, { atMs: number; value: number | null }[]>();
    const read = new Set<SourceName>();
    for (const [label, atMs, value] of definition.points(tellingReads(series, read))) {
      const line = lines.get(label);
      if (line) line.push({ atMs, value });
      else lines.set(label, [{ atMs, value }]);
    }
    const aligned = [...lines].map(([label, points]) => ({ label, values: align(points, timesMs) }));
    const shown = largest(aligned.filter((line) => line.values.some((value) => value !== null)));
    const { title, unit } = definition;
    if (shown.length > 0) folded.push({ id, title, unit, series: shown, sources: [...read] });
  }
  return { timesMs, charts: folded };
}

/** The same series; which of them a chart takes is added to `read`. */
function tellingReads(series: SeriesBySource, read: Set<SourceName>): SeriesBySource {
  return new Proxy(series, {
    get(target, name, receiver) {
      if (isSource(name)) read.add(name);
      return Reflect.get(target, name, receiver);
    },
  });
}

function isSource(name: string | symbol): name is SourceName {
  return typeof name === 'string' && Object.hasOwn(sources, name);
}

function largest(lines: ChartSeries[]): ChartSeries[] {
  if (lines.length <= maxSeriesPerChart) return lines;
  const peak = (line: ChartSeries): number =>
    line.values.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0);
  const kept = new Set(lines.toSorted((a, b) => peak(b) - peak(a)).slice(0, maxSeriesPerChart));
  return lines.filter((line) => kept.has(line));
}

function seriesOf<T>(slot: Slot<Map<string, Timed<T>[]>>): Map<string, Timed<T>[]> {
  return slot.status === 'ok' ? slot.value : new Map();
}

/** The last window of a run is cut where the load ends: a few milliseconds are no rate. */
function wholeWindows(load: Series<'load'>): Series<'load'> {
  return new Map(
    [...load].map(([target, samples]) => [
      target,
      samples.filter(({ data }) => data.windowMs >= minWindowMs),
    ]),
  );
}

function entries<K extends string, V>(record: Record<K, V>): [K, V][] {
  const keys: K[] = [];
  for (const key in record) keys.push(key);
  return keys.map((key) => [key, record[key]]);
}
