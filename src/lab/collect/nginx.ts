import { readStubStatus, stubStatusTarget } from '../nginx/stub-status.ts';
import type { Collector, CollectorSink } from './collector.ts';

/** Reads nginx' `stub_status` each second. */
export class NginxCollector implements Collector {
  readonly source = 'nginx';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #url: string;
  readonly #closed = new AbortController();

  constructor(url: string) {
    this.#url = url;
    this.target = stubStatusTarget(url);
  }

  async open(signal: AbortSignal): Promise<void> {
    await readStubStatus(this.#url, signal);
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const status = await readStubStatus(this.#url, this.#closed.signal);
    sink.sample('nginx', this.target, performance.now() - startedMs, status);
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }
}
