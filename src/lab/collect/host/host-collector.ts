import type { Collector, CollectorSink } from '../collector.ts';
import { type HostReading, hostSample, readHost } from './read-host.ts';

/** The machine that the watched processes and containers run on: CPU, steal, memory and pressure. */
export class HostCollector implements Collector {
  readonly source = 'host';
  readonly target = 'this machine';
  readonly everyMs = 1000;
  #last: HostReading | undefined;

  async open(): Promise<void> {
    this.#last = readHost();
  }

  async sample(sink: CollectorSink): Promise<void> {
    const before = this.#last;
    const startedMs = performance.now();
    const after = readHost();
    this.#last = after;
    const sample = before && hostSample(before, after);
    if (sample !== undefined) sink.sample('host', this.target, performance.now() - startedMs, sample);
  }

  async close(): Promise<void> {}
}
