import type { Logger } from '../../shared/logger.ts';
import type { StackDescription } from '../../shared/stack-description.ts';
import type { Collector } from './collector.ts';
import { ProcessCollector } from './process.ts';
import { PrometheusCollector } from './prometheus.ts';

export interface CollectorOptions {
  logger: Logger;
  /** Length of one CPU profile; 5000 by default. */
  profileWindowMs?: number;
  /** Microseconds between two stacks; by default 1000 for the first 30 s of profiling and 10,000 after it. */
  profileIntervalUs?: number;
}

/** The sources of a run, a line each. What the stack description does not give is not sampled. */
export function createCollectors(stack: StackDescription, _options: CollectorOptions): Collector[] {
  return [
    ...stack.processes.map((watched) => new ProcessCollector(watched)),
    new PrometheusCollector(stack.gatewayUrl, stack.token),
  ];
}
