import type { LogSample } from '../samples/log-sample.ts';
import { type ChartDefinition, each } from './chart-definition.ts';

/** What the logs say. */
export const logCharts = {
  'log-entries': {
    title: 'Errors and warnings in the logs',
    unit: 'per second',
    points: ({ log }) =>
      each(log, (sample, label) => [
        [label('errors'), perSecond(sample, ['fatal', 'error'])],
        [label('warnings'), perSecond(sample, ['warn'])],
      ]),
  },
} as const satisfies Record<string, ChartDefinition>;

function perSecond(
  { byLevel, windowMs }: LogSample,
  levels: readonly ('fatal' | 'error' | 'warn')[],
): number {
  const count = levels.reduce((sum, level) => sum + (byLevel[level] ?? 0), 0);
  return windowMs > 0 ? (count * 1000) / windowMs : 0;
}
