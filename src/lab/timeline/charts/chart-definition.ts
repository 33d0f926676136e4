import type { Series, Timed } from '../../diagnose/artifacts.ts';
import type { SourceName } from '../samples.ts';

/** How a chart's values are meant; the browser formats by it (`ratio` is 0..1, `percent of a core` may pass 100). */
export const chartUnits = [
  'users',
  'per second',
  'ms',
  's',
  'percent of a core',
  'ratio',
  'connections',
  'rows per second',
  'bytes',
  'bytes per second',
  'ms per second',
] as const;
export type ChartUnit = (typeof chartUnits)[number];

export type SeriesBySource = { [S in SourceName]: Series<S> };
/** A label, when, and the value; null ends a line where a rate cannot be told. */
export type Point = [label: string, atMs: number, value: number | null];

export interface ChartDefinition {
  title: string;
  unit: ChartUnit;
  points(series: SeriesBySource): Iterable<Point>;
}

/** One point per sample and label; with several targets the target is part of the label. */
export function* each<T>(
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

/**
 * The rate of a cumulative counter between two samples of a target, per second. A counter that fell was reset
 * meanwhile: the rate of that time cannot be told.
 */
export function* rates<T>(
  series: Map<string, Timed<T>[]>,
  read: (data: T, label: (text: string) => string, target: string) => [string, number][],
): Iterable<Point> {
  for (const [target, samples] of series) {
    const label = (text: string): string => (series.size > 1 ? `${text}, ${target}` : text);
    for (const [index, { atMs, data }] of samples.entries()) {
      const before = samples[index - 1];
      if (!before) continue;
      const counts = new Map(read(before.data, label, target));
      for (const [text, count] of read(data, label, target)) {
        const delta = count - (counts.get(text) ?? count);
        yield [text, atMs, delta < 0 ? null : (delta * 1000) / (atMs - before.atMs)];
      }
    }
  }
}

export function samplesOf<T>(series: Map<string, Timed<T>[]>): T[] {
  return [...series.values()].flat().map(({ data }) => data);
}

export function labelled(label: string, value: number): [string, number] {
  return [label, value];
}
