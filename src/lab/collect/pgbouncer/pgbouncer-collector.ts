import type { Collector, CollectorSink } from '../collector.ts';
import type { SharedConnection } from '../shared-connection.ts';
import type { PgbouncerTarget } from './pgbouncer-target.ts';
import { readPgbouncer } from './read-pgbouncer.ts';

/** The pools of one PgBouncer each second, from its admin console. */
export class PgbouncerCollector implements Collector {
  readonly source = 'pgbouncer';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #shared: SharedConnection<PgbouncerTarget>;

  constructor(target: string, shared: SharedConnection<PgbouncerTarget>) {
    this.target = target;
    this.#shared = shared;
  }

  async open(signal: AbortSignal): Promise<void> {
    await readPgbouncer(await this.#shared.open(this, signal));
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const pgbouncer = await this.#shared.get();
    if (!pgbouncer) return;
    const sample = await readPgbouncer(pgbouncer);
    sink.sample('pgbouncer', this.target, performance.now() - startedMs, sample);
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}
