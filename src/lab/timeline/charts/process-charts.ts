import { type ChartDefinition, each, labelled } from './chart-definition.ts';

/** Processes, and the event loops of those that are Node. */
export const processCharts = {
  cpu: {
    title: 'CPU by process',
    unit: 'percent of a core',
    *points({ process, load, lab }) {
      yield* each(process, ({ cpuPercent }, _label, target) => [[target, cpuPercent]]);
      yield* each(load, ({ generator, workers = [] }, label) => [
        ...(generator === undefined ? [] : [labelled(label('load generator'), generator.cpuPercent)]),
        ...workers.map(({ name, cpuPercent }) => labelled(label(`load worker ${name}`), cpuPercent)),
      ]);
      yield* each(lab, ({ cpuPercent, profilersCpuPercent = 0 }, label) => [
        [label('this lab'), cpuPercent],
        ...(profilersCpuPercent > 0 ? [labelled(label('its profilers'), profilersCpuPercent)] : []),
      ]);
    },
  },
  memory: {
    title: 'Resident memory by process',
    unit: 'bytes',
    points: ({ process }) => each(process, ({ rssBytes }, _label, target) => [[target, rssBytes]]),
  },
  'js-heap': {
    title: 'JavaScript heap in use',
    unit: 'bytes',
    points: ({ node }) => each(node, ({ heapUsedBytes }, _label, target) => [[target, heapUsedBytes]]),
  },
  'external-memory': {
    title: 'Memory that JavaScript holds outside of its heap',
    unit: 'bytes',
    points: ({ node }) =>
      each(node, ({ externalBytes, arrayBuffersBytes }, label) => [
        [label('external'), externalBytes],
        ...(arrayBuffersBytes === undefined
          ? []
          : [labelled(label('array buffers among it'), arrayBuffersBytes)]),
      ]),
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
} as const satisfies Record<string, ChartDefinition>;
