import type Dockerode from 'dockerode';
import type { z } from 'zod';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';
import type { Connection } from '../shared-connection.ts';
import {
  type InspectAnswer,
  inspectAnswer,
  listAnswer,
  type StatsAnswer,
  statsAnswer,
  versionAnswer,
} from './engine-answers.ts';

/** A container as the engine lists it. */
export interface ListedContainer {
  id: string;
  name: string;
  image: string;
}

/** Without `one-shot` an answer takes the engine two seconds. */
const timeoutMs = 4000;

/** The Docker Engine, or podman's service that speaks its API, at a Unix socket. Only ever asked, never told to do anything. */
export class ContainerEngine implements Connection {
  /** Podman's counters mean other things in places. */
  readonly kind: 'docker' | 'podman';
  readonly #socket: string;
  readonly #client: Dockerode;
  #lost = false;

  /** Throws GaugewayError source_unreadable when nothing answers there. */
  static async connect(socket: string): Promise<ContainerEngine> {
    const { default: Client } = await import('dockerode');
    const client = new Client({ socketPath: socket, timeout: timeoutMs });
    try {
      const { Components = [] } = versionAnswer.parse(await client.version());
      const isPodman = Components.some(({ Name }) => /podman/i.test(Name));
      return new ContainerEngine(isPodman ? 'podman' : 'docker', socket, client);
    } catch (error) {
      throw unreachable(socket, error);
    }
  }

  private constructor(kind: 'docker' | 'podman', socket: string, client: Dockerode) {
    this.kind = kind;
    this.#socket = socket;
    this.#client = client;
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** The running ones, by name. */
  async list(): Promise<ListedContainer[]> {
    const found = await this.#ask('containers', listAnswer, () => this.#client.listContainers());
    return found
      .map(({ Id, Names, Image }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, ''), image: Image }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  inspect(name: string): Promise<InspectAnswer> {
    return this.#ask(name, inspectAnswer, () => this.#client.getContainer(name).inspect());
  }

  /** Counters of this moment. */
  stats(name: string): Promise<StatsAnswer> {
    return this.#ask(name, statsAnswer, () =>
      this.#client.getContainer(name).stats({ stream: false, 'one-shot': true }),
    );
  }

  /** Every request has a connection of its own, which ended with it. */
  async close(): Promise<void> {
    this.#lost = true;
  }

  async #ask<S extends z.ZodType>(
    what: string,
    schema: S,
    request: () => Promise<unknown>,
  ): Promise<z.output<S>> {
    let answer: unknown;
    try {
      answer = await request();
    } catch (error) {
      if (statusOf(error) === 404) {
        throw new GaugewayError('source_unreadable', await this.#noSuchContainer(what), { cause: error });
      }
      if (statusOf(error) === undefined) {
        this.#lost = true;
        throw unreachable(this.#socket, error);
      }
      throw new GaugewayError('source_unreadable', `${what}: ${messageOf(error)}`, { cause: error });
    }
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new GaugewayError('source_unreadable', `${what}: the engine's answer was not understood`, {
      cause: parsed.error,
    });
  }

  async #noSuchContainer(name: string): Promise<string> {
    const names = (await this.list()).map((container) => container.name);
    const shown = names.slice(0, 10).join(', ');
    return `no container ${name}; ${names.length === 0 ? 'none is running' : `running: ${shown}${names.length > 10 ? ' …' : ''}`}`;
  }
}

function unreachable(socket: string, error: unknown): GaugewayError {
  const reason = hasErrorCode(error, 'ENOENT', 'ECONNREFUSED')
    ? 'no container engine answers there (--container-socket names another place)'
    : hasErrorCode(error, 'EACCES')
      ? 'it may not be opened: run this as root or as a member of the group that owns it'
      : messageOf(error);
  return new GaugewayError('source_unreadable', `${socket}: ${reason}`, { cause: error });
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}
