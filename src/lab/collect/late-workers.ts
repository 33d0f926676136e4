import type { WatchedProcess } from '../../shared/stack-description.ts';
import type { Collector } from './collector.ts';
import { gatewayWorkers } from './gateway-workers.ts';

/** Looks for workers that a gateway starts while a run goes on: each is a replica, too. */
export class LateWorkersCollector implements Collector {
  readonly source = 'process';
  readonly target = 'gateway workers';
  readonly everyMs = 2000;
  readonly #known: WatchedProcess[];
  readonly #watchedPids: ReadonlySet<number>;
  readonly #join: (worker: WatchedProcess) => void;

  /** `watchedPids` are those of all collectors of a run; `join` is told each worker that is none of them, once. */
  constructor(
    known: readonly WatchedProcess[],
    watchedPids: ReadonlySet<number>,
    join: (worker: WatchedProcess) => void,
  ) {
    this.#known = [...known];
    this.#watchedPids = watchedPids;
    this.#join = join;
  }

  async open(): Promise<void> {}

  async sample(): Promise<void> {
    for (const worker of await gatewayWorkers(this.#known)) {
      this.#known.push(worker);
      if (!this.#watchedPids.has(worker.pid)) this.#join(worker);
    }
  }

  async close(): Promise<void> {}
}
