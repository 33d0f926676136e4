import { formatDurationMs } from '../../../shared/duration.ts';
import { LatencySketch } from '../../../shared/latency-sketch.ts';
import { isSketch, type ObservedLoad } from '../samples.ts';
import { type ChartDefinition, each, samplesOf } from './chart-definition.ts';

/** What the users of the load saw. */
export const loadCharts = {
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
} as const satisfies Record<string, ChartDefinition>;

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
