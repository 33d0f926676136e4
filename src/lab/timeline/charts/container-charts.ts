import type { Timed } from '../../diagnose/artifacts.ts';
import type { ResourceUse } from '../samples/container-sample.ts';
import { type ChartDefinition, each, labelled, type Point, rates } from './chart-definition.ts';

/** Containers, and what holds back processes by their control group. */
export const containerCharts = {
  'container-cpu': {
    title: 'CPU by container',
    unit: 'percent of a core',
    points: ({ container }) => each(container, ({ cpuPercent }, _label, target) => [[target, cpuPercent]]),
  },
  throttled: {
    title: 'Periods in which a CPU limit stopped it',
    unit: 'ratio',
    *points({ container, process }) {
      for (const [target, samples] of container)
        yield* throttledShares(target, samples, ({ throttling }) => throttling);
      for (const [target, samples] of process) {
        yield* throttledShares(target, samples, ({ group }) => group?.throttling ?? null);
      }
    },
  },
  'container-memory': {
    title: 'Memory by container, without page cache',
    unit: 'bytes',
    points: ({ container }) => each(container, ({ memoryBytes }, _label, target) => [[target, memoryBytes]]),
  },
  'container-waits': {
    title: 'Time that a container waited for the CPU, for memory or for I/O',
    unit: 'ms per second',
    points: ({ container }) =>
      rates(container, ({ pressure }, _label, target) =>
        pressure === null
          ? []
          : [
              labelled(`${target}: CPU`, pressure.cpuStalledMs),
              labelled(`${target}: memory`, pressure.memoryStalledMs),
              labelled(`${target}: I/O`, pressure.ioStalledMs),
            ],
      ),
  },
  'container-network': {
    title: 'Network by container',
    unit: 'bytes per second',
    points: ({ container }) =>
      rates(container, ({ network }, _label, target) =>
        network === null
          ? []
          : [
              labelled(`${target}: received`, network.receivedBytes),
              labelled(`${target}: sent`, network.sentBytes),
            ],
      ),
  },
} as const satisfies Record<string, ChartDefinition>;

/** The share of the quota's periods since the sample before; null where none passed, as after a restart. */
function* throttledShares<T>(
  target: string,
  samples: readonly Timed<T>[],
  read: (data: T) => ResourceUse['throttling'],
): Iterable<Point> {
  for (const [index, { atMs, data }] of samples.entries()) {
    const before = samples[index - 1];
    const [earlier, later] = [before && read(before.data), read(data)];
    if (!earlier || later === null) continue;
    const periods = later.periods - earlier.periods;
    yield [target, atMs, periods > 0 ? (later.throttledPeriods - earlier.throttledPeriods) / periods : null];
  }
}
