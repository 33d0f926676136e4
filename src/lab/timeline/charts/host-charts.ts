import { type ChartDefinition, each, labelled, rates } from './chart-definition.ts';

/** The machine that the stack runs on. */
export const hostCharts = {
  'host-cpu': {
    title: 'CPU of the machine',
    unit: 'percent of a core',
    points: ({ host }) =>
      each(host, ({ cpuPercent, stealPercent, cores }, label) => [
        [label('used'), cpuPercent],
        [label('taken by other virtual machines'), stealPercent],
        [label('all cores'), cores * 100],
      ]),
  },
  'host-memory': {
    title: 'Memory of the machine',
    unit: 'bytes',
    points: ({ host }) =>
      each(host, ({ memoryTotalBytes, memoryAvailableBytes }, label) => [
        [label('used'), memoryTotalBytes - memoryAvailableBytes],
        [label('total'), memoryTotalBytes],
      ]),
  },
  'host-waits': {
    title: 'Time that some program waited for the CPU, for memory or for I/O',
    unit: 'ms per second',
    points: ({ host }) =>
      rates(host, ({ pressure }, label) =>
        pressure === null
          ? []
          : [
              labelled(label('CPU'), pressure.cpuStalledMs),
              labelled(label('memory'), pressure.memoryStalledMs),
              labelled(label('I/O'), pressure.ioStalledMs),
            ],
      ),
  },
} as const satisfies Record<string, ChartDefinition>;
