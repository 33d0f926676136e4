import { GaugewayError } from '../../../shared/errors.ts';
import type { WatchedContainer as DescribedContainer } from '../../../shared/stack-description.ts';
import type { Collector, CollectorSink } from '../collector.ts';
import type { SharedConnection } from '../shared-connection.ts';
import { type ContainerCounters, containerSample } from './container-counters.ts';
import type { ContainerEngine } from './container-engine.ts';
import { WatchedContainer } from './watched-container.ts';

/**
 * CPU, memory, limits, throttling, network and block I/O of one container. While it is away, and where it was started
 * anew, there is a gap; the container that has its name afterwards is watched on.
 */
export class ContainerCollector implements Collector {
  readonly source = 'container';
  readonly target: string;
  readonly everyMs = 2000;
  readonly #described: DescribedContainer;
  readonly #shared: SharedConnection<ContainerEngine>;
  readonly #container: WatchedContainer;
  #last: ContainerCounters | undefined;

  constructor(described: DescribedContainer, shared: SharedConnection<ContainerEngine>) {
    this.#described = described;
    this.#shared = shared;
    this.target = described.name;
    this.#container = new WatchedContainer(described.name);
  }

  async open(signal: AbortSignal): Promise<void> {
    this.#last = await this.#container.read(await this.#shared.open(this, signal));
  }

  async sample(sink: CollectorSink): Promise<void> {
    const engine = await this.#shared.get();
    if (engine === undefined) return;
    const before = this.#last;
    this.#last = undefined;
    const startedMs = performance.now();
    const after = await this.#container.read(engine);
    this.#last = after;
    if (before === undefined) return;
    const sample = containerSample(this.#described.role, before, after);
    if (sample !== undefined) {
      sink.sample('container', this.target, performance.now() - startedMs, sample);
      return;
    }
    if (before.startedAt !== after.startedAt || before.id !== after.id) {
      throw new GaugewayError('source_unreadable', `container ${this.target} was started anew`);
    }
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}
