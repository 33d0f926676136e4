import { nowMs } from '../../../shared/clock.ts';
import type { Collector, CollectorSink } from '../collector.ts';
import type { SharedConnection } from '../shared-connection.ts';
import { readRedis } from './read-redis.ts';
import type { RedisTarget } from './redis-target.ts';

/** Between two comparisons of the clocks, which drift slowly. */
const clockEveryMs = 30_000;

/** The counters of one Redis or Valkey each second. */
export class RedisCollector implements Collector {
  readonly source = 'redis';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #shared: SharedConnection<RedisTarget>;
  #clockDueMs = 0;

  constructor(target: string, shared: SharedConnection<RedisTarget>) {
    this.target = target;
    this.#shared = shared;
  }

  async open(signal: AbortSignal): Promise<void> {
    await readRedis(await this.#shared.open(this, signal));
  }

  async sample(sink: CollectorSink): Promise<void> {
    const redis = await this.#shared.get();
    if (!redis) return;
    const startedMs = nowMs();
    const { sample, serverMs } = await readRedis(redis);
    const costMs = nowMs() - startedMs;
    if (serverMs !== undefined && startedMs >= this.#clockDueMs) {
      this.#clockDueMs = startedMs + clockEveryMs;
      sink.clock('redis', this.target, serverMs - (startedMs + costMs / 2), costMs / 2);
    }
    sink.sample('redis', this.target, costMs, sample);
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}
