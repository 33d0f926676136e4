import { formatDurationMs } from '../../shared/duration.ts';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { ArtifactSlots, Series, Slot, Timed } from '../diagnose/artifacts.ts';
import { align, grid } from './align-series.ts';
import { connectionStates, isSketch, type ObservedLoad, type SourceName } from './samples.ts';

/** How a chart's values are meant; the browser formats by it (`ratio` is 0..1, `percent of a core` may pass 100). */
export type ChartUnit =
  | 'users'
  | 'per second'
  | 'ms'
  | 's'
  | 'percent of a core'
  | 'ratio'
  | 'connections'
  | 'rows per second'
  | 'bytes';

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
}
/** All charts of a run on one grid of whole seconds, uPlot's aligned shape. */
export interface ChartSet {
  timesMs: number[];
  charts: Chart[];
}

type SeriesBySource = { [S in SourceName]: Series<S> };
/** A label, when, and the value; null ends a line where a rate cannot be told. */
type Point = [label: string, atMs: number, value: number | null];

interface ChartDefinition {
  title: string;
  unit: ChartUnit;
  points(series: SeriesBySource): Iterable<Point>;
}

/** Every chart, declared once, in the order of the timeline. Evidence refers to these ids. */
const definitions = {
  users: {
    title: 'Users',
    unit: 'users',
    points: ({ load }) => each(load, ({ users }, label) => [[label('users'), users]]),
  },
  throughput: {
    title: 'Requests and failures',
    unit: 'per second',
    points: ({ load }) =>
      each(load, (sample, label) => [
        [label('requests'), perSecond(total(sample, 'requests'), sample)],
        [label('failures'), perSecond(total(sample, 'failures'), sample)],
      ]),
  },
  latency: {
    title: 'Response time',
    unit: 'ms',
    points: ({ load }) =>
      each(load, (sample, label) => {
        if (sample.recent !== undefined) return toldPercentiles(sample.recent, label);
        const sketch = new LatencySketch();
        for (const { latency } of Object.values(sample.byName)) if (isSketch(latency)) sketch.merge(latency);
        return [50, 95, 99].map((percentile): [string, number | null] => [
          label(`p${percentile}`),
          sketch.count === 0 ? null : sketch.quantileMs(percentile / 100),
        ]);
      }),
  },
  failures: {
    title: 'Failures by kind',
    unit: 'per second',
    points: ({ load }) => {
      const kinds = new Set(samplesOf(load).flatMap((sample) => [...failureKinds(sample).keys()]));
      return each(load, (sample, label) => {
        const counts = failureKinds(sample);
        return [...kinds].map((kind) => [label(kind), perSecond(counts.get(kind) ?? 0, sample)]);
      });
    },
  },
  cpu: {
    title: 'CPU by process',
    unit: 'percent of a core',
    *points({ process, load }) {
      yield* each(process, ({ cpuPercent }, _label, target) => [[target, cpuPercent]]);
      yield* each(load, ({ generator, workers = [] }, label) => [
        ...(generator === undefined ? [] : [labelled(label('load generator'), generator.cpuPercent)]),
        ...workers.map(({ name, cpuPercent }) => labelled(label(`load worker ${name}`), cpuPercent)),
      ]);
    },
  },
  'event-loop-delay': {
    title: 'Event loop delay, p99',
    unit: 'ms',
    *points({ node, load }) {
      yield* each(node, ({ eventLoopDelayP99Ms }, _label, target) => [[target, eventLoopDelayP99Ms]]);
      yield* each(load, ({ generator }, label) =>
        generator === undefined ? [] : [[label('load generator'), generator.eventLoopDelayP99Ms]],
      );
    },
  },
  'event-loop-utilization': {
    title: 'Event loop utilisation',
    unit: 'ratio',
    points: ({ node }) =>
      each(node, ({ eventLoopUtilization }, _label, target) => [[target, eventLoopUtilization]]),
  },
  connections: {
    title: 'PostgreSQL connections by state',
    unit: 'connections',
    points: ({ postgres }) => {
      const seen = new Set(
        samplesOf(postgres).flatMap((sample) => sample.connections.map((entry) => entry.state)),
      );
      return each(postgres, ({ connections }, label) =>
        connectionStates
          .filter((state) => seen.has(state))
          .map((state) => [
            label(state),
            connections.reduce((sum, entry) => sum + (entry.state === state ? entry.count : 0), 0),
          ]),
      );
    },
  },
  'transaction-age': {
    title: 'Oldest transaction',
    unit: 's',
    points: ({ postgres }) =>
      each(postgres, ({ connections }, label) => [
        [label('age'), connections.reduce((oldest, entry) => Math.max(oldest, entry.maxTransactionAgeS), 0)],
      ]),
  },
  'sequential-reads': {
    title: 'Rows read by sequential scans',
    unit: 'rows per second',
    *points({ postgres }) {
      for (const samples of postgres.values()) {
        for (const [index, { atMs, data }] of samples.entries()) {
          const before = samples[index - 1];
          if (!before) continue;
          const rows = new Map(before.data.tables.map((table) => [tableName(table), table.seqTupRead]));
          for (const table of data.tables) {
            const delta = table.seqTupRead - (rows.get(tableName(table)) ?? table.seqTupRead);
            // A counter that fell was reset meanwhile: the rate of that second cannot be told.
            yield [tableName(table), atMs, delta < 0 ? null : (delta * 1000) / (atMs - before.atMs)];
          }
        }
      }
    },
  },
  memory: {
    title: 'Resident memory by process',
    unit: 'bytes',
    points: ({ process }) => each(process, ({ rssBytes }, _label, target) => [[target, rssBytes]]),
  },
} as const satisfies Record<string, ChartDefinition>;

export type ChartId = keyof typeof definitions;

/** All charts that a timeline may have, in its order. */
export const charts: readonly { id: ChartId; title: string; unit: ChartUnit }[] = entries(definitions).map(
  ([id, { title, unit }]) => ({ id, title, unit }),
);

/** The lines that a chart shows at most; the rest is left out, the largest are kept. */
const maxSeriesPerChart = 8;
const minWindowMs = 500;

/** Folds what was sampled into charts on one grid of seconds. Charts without a value are left out. Pure. */
export function foldCharts(artifacts: ArtifactSlots): ChartSet {
  const series: SeriesBySource = {
    load: wholeWindows(seriesOf(artifacts.load)),
    postgres: seriesOf(artifacts.postgres),
    statements: seriesOf(artifacts.statements),
    process: seriesOf(artifacts.process),
    node: seriesOf(artifacts.node),
    prometheus: seriesOf(artifacts.prometheus),
  };
  const timesMs = grid(Object.values(series).flatMap((targets) => [...targets.values()].flat()));
  const folded: Chart[] = [];
  for (const [id, definition] of entries(definitions)) {
    const lines = new Map<string, { atMs: number; value: number | null }[]>();
    for (const [label, atMs, value] of definition.points(series)) {
      const line = lines.get(label);
      if (line) line.push({ atMs, value });
      else lines.set(label, [{ atMs, value }]);
    }
    const aligned = [...lines].map(([label, points]) => ({ label, values: align(points, timesMs) }));
    const shown = largest(aligned.filter((line) => line.values.some((value) => value !== null)));
    if (shown.length > 0) folded.push({ id, title: definition.title, unit: definition.unit, series: shown });
  }
  return { timesMs, charts: folded };
}

function largest(lines: ChartSeries[]): ChartSeries[] {
  if (lines.length <= maxSeriesPerChart) return lines;
  const peak = (line: ChartSeries): number =>
    line.values.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0);
  const kept = new Set(lines.toSorted((a, b) => peak(b) - peak(a)).slice(0, maxSeriesPerChart));
  return lines.filter((line) => kept.has(line));
}

/** One point per sample and label; with several targets the target is part of the label. */
function* each<T>(
  series: Map<string, Timed<T>[]>,
  read: (data: T, label: (text: string) => string, target: string) => [string, number | null][],
): Iterable<Point> {
  for (const [target, samples] of series) {
    const label = (text: string): string => (series.size > 1 ? `${text}, ${target}` : text);
    for (const { atMs, data } of samples) {
      for (const [text, value] of read(data, label, target)) yield [text, atMs, value];
    }
  }
}

/** A tool that gives no distribution tells percentiles of a longer time than a window: the labels say so. */
function toldPercentiles(
  { spanMs, p50Ms, p95Ms }: NonNullable<ObservedLoad['recent']>,
  label: (text: string) => string,
): [string, number | null][] {
  const of = (name: string): string => label(`${name} of the last ${formatDurationMs(spanMs)}`);
  return [
    [of('p50'), p50Ms],
    [of('p95'), p95Ms],
  ];
}

function labelled(label: string, value: number): [string, number] {
  return [label, value];
}

function samplesOf<T>(series: Map<string, Timed<T>[]>): T[] {
  return [...series.values()].flat().map(({ data }) => data);
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

function total(sample: ObservedLoad, field: 'requests' | 'failures'): number {
  return Object.values(sample.byName).reduce((sum, window) => sum + window[field], 0);
}

function failureKinds(sample: ObservedLoad): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const window of Object.values(sample.byName)) {
    for (const [kind, count] of Object.entries(window.failuresByKind)) {
      kinds.set(kind, (kinds.get(kind) ?? 0) + count);
    }
  }
  return kinds;
}

function perSecond(count: number, { windowMs }: ObservedLoad): number {
  return (count * 1000) / windowMs;
}

function tableName({ schema, table }: { schema: string; table: string }): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}

function entries<K extends string, V>(record: Record<K, V>): [K, V][] {
  const keys: K[] = [];
  for (const key in record) keys.push(key);
  return keys.map((key) => [key, record[key]]);
}
