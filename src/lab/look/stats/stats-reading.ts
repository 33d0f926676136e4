import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type {
  ProcessRole,
  WatchedContainer as DescribedContainer,
  WatchedProcess,
} from '../../../shared/stack-description.ts';
import type { ContainerCounters } from '../../collect/container/container-counters.ts';
import type { ContainerEngine } from '../../collect/container/container-engine.ts';
import { WatchedContainer } from '../../collect/container/watched-container.ts';
import { type HostReading, readHost } from '../../collect/host/read-host.ts';
import { type ProcessCounters, readProcess } from '../../collect/process-counters.ts';
import { procMissing } from '../../../shared/proc-files.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import { containerRole } from './container-role.ts';

/** What is looked at. `containers` is `all` for every running one of the engine. */
export interface StatsSources {
  processes: readonly WatchedProcess[];
  containers: readonly DescribedContainer[] | 'all';
}

interface Part {
  name: string;
  /** Null where nobody said it, and the name does not tell. */
  role: ProcessRole | null;
}
export type ReadPart = Part &
  ({ kind: 'container'; counters: ContainerCounters } | { kind: 'process'; counters: ProcessCounters });

/** Counters of every part at one moment. */
export interface StatsReading {
  atMs: number;
  /** Undefined where there is no /proc. */
  host: HostReading | undefined;
  parts: ReadPart[];
  /** Why parts could not be read that the user named, and others that the engine had listed. */
  missing: string[];
  failures: string[];
}

/** Reads containers and processes, each for itself: one that is gone does not keep the others from being seen. */
export class StatsReader {
  readonly #sources: StatsSources;
  readonly #engine: SharedConnection<ContainerEngine>;
  readonly #containers = new Map<string, WatchedContainer>();

  constructor(sources: StatsSources, engine: SharedConnection<ContainerEngine>) {
    this.#sources = sources;
    this.#engine = engine;
  }

  /** Throws GaugewayError source_unreadable when nothing at all can be read. */
  async read(signal: AbortSignal): Promise<StatsReading> {
    const atMs = nowMs();
    const containers = await this.#listContainers(signal);
    const settled = await Promise.allSettled([
      ...containers.map((part) => this.#readContainer(part, signal)),
      ...this.#sources.processes.map((watched) => readPart(watched)),
    ]);
    const parts: ReadPart[] = [];
    const missing: string[] = [];
    const failures: string[] = [];
    for (const [at, result] of settled.entries()) {
      const wasNamed = this.#sources.containers !== 'all' || at >= containers.length;
      if (result.status === 'fulfilled') parts.push(result.value);
      else (wasNamed ? missing : failures).push(messageOf(result.reason));
    }
    if (parts.length === 0 && settled.length > 0) {
      throw new GaugewayError('source_unreadable', [...missing, ...failures].join('; '));
    }
    const host = procMissing() === undefined ? readHost() : undefined;
    return { atMs, host, parts, missing, failures };
  }

  close(): Promise<void> {
    return this.#engine.close(this);
  }

  async #listContainers(signal: AbortSignal): Promise<Part[]> {
    const { containers } = this.#sources;
    if (containers !== 'all') return [...containers];
    const engine = await this.#engine.open(this, signal);
    return (await engine.list()).map(({ name, image }) => ({
      name,
      role: containerRole({ name, image }) ?? null,
    }));
  }

  async #readContainer({ name, role }: Part, signal: AbortSignal): Promise<ReadPart> {
    const watched = this.#containers.get(name) ?? new WatchedContainer(name);
    this.#containers.set(name, watched);
    return {
      kind: 'container',
      name,
      role,
      counters: await watched.read(await this.#engine.open(this, signal)),
    };
  }
}

async function readPart(watched: WatchedProcess): Promise<ReadPart> {
  const { name, role, pid } = watched;
  return { kind: 'process', name: `${name} ${pid}`, role, counters: await readProcess(watched) };
}
