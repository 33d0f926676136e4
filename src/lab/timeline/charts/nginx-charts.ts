import { LatencySketch } from '../../../shared/latency-sketch.ts';
import type { SketchData } from '../../../shared/latency-sketch.ts';
import { isSketch } from '../samples.ts';
import { type ChartDefinition, each, labelled, type Point, rates } from './chart-definition.ts';

/** What nginx tells of itself, and how the time of a request splits before and behind it. */
export const nginxCharts = {
  'time-split': {
    title: 'Where the time of a request goes (p95 of client, nginx and gateway)',
    unit: 'ms',
    points: function* (series): Iterable<Point> {
      const { load } = series;
      for (const [, samples] of series['access-log']) {
        for (const { atMs, data } of samples) {
          if (data.requestTime.count === 0) continue;
          const requestMs = p95(data.requestTime);
          yield ['nginx', atMs, p95(data.nginxTime)];
          yield ['gateway and behind it', atMs, p95(data.upstreamTime)];
          const clientMs = clientP95(load, atMs);
          if (clientMs !== null) yield ['client and network', atMs, Math.max(0, clientMs - requestMs)];
        }
      }
    },
  },
  'nginx-status': {
    title: 'nginx answers by status',
    unit: 'per second',
    points: (series) =>
      each(series['access-log'], ({ byStatusClass, windowMs }, label) =>
        ['2xx', '3xx', '4xx', '5xx'].map((status) => [
          label(status),
          windowMs > 0 ? ((byStatusClass[status] ?? 0) * 1000) / windowMs : 0,
        ]),
      ),
  },
  'nginx-connections': {
    title: 'nginx connections',
    unit: 'connections',
    points: ({ nginx }) =>
      each(nginx, ({ reading, writing, waiting }, label) => [
        labelled(label('reading'), reading),
        labelled(label('writing'), writing),
        labelled(label('waiting'), waiting),
      ]),
  },
  'nginx-dropped': {
    title: 'nginx connections that were accepted and dropped',
    unit: 'per second',
    points: ({ nginx }) =>
      rates(nginx, ({ accepts, handled }, label) => [labelled(label('dropped'), accepts - handled)]),
  },
} as const satisfies Record<string, ChartDefinition>;

function p95(sketch: SketchData): number {
  return LatencySketch.from(sketch).quantileMs(0.95);
}

/** Of the load's window in which this moment lies. */
function clientP95(load: Parameters<ChartDefinition['points']>[0]['load'], atMs: number): number | null {
  const sketch = new LatencySketch();
  for (const samples of load.values()) {
    const covering = samples.find(
      (sample) => sample.atMs >= atMs && sample.atMs - sample.data.windowMs <= atMs,
    );
    for (const { latency } of Object.values(covering?.data.byName ?? {}))
      if (isSketch(latency)) sketch.merge(latency);
  }
  return sketch.count === 0 ? null : sketch.quantileMs(0.95);
}
