import { z } from 'zod';
import { GaugewayError } from '../../../shared/errors.ts';
import type { WaitingFor } from '../profiler.ts';

/** Beyond that many, the sockets are only counted. */
const listedSockets = 500;

/**
 * Runs inside the watched process, as text: it may use nothing but Node's globals and must not throw. `_getActiveHandles`
 * and `_getActiveRequests` are Node's own and not documented: what they do not tell is left out.
 */
function readWaiting(limit: number): { value: WaitingFor } | { error: string } {
  try {
    class Seen {
      readonly #object: object;

      constructor(object: object) {
        this.#object = object;
      }

      get kind(): string {
        return this.#object.constructor?.name ?? '';
      }

      get(name: string): unknown {
        return Reflect.get(this.#object, name);
      }

      call(name: string): unknown {
        const method = this.get(name);
        return typeof method === 'function' ? Reflect.apply(method, this.#object, []) : undefined;
      }

      text(name: string): string {
        const value = this.get(name);
        return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
      }

      address(hostName: string, portName: string): string {
        const host = this.text(hostName);
        if (host === '') return '';
        return `${host.includes(':') ? `[${host}]` : host}:${this.text(portName)}`;
      }

      /** Empty for a server that has closed. */
      listensOn(): string {
        const at = this.call('address');
        if (typeof at === 'string') return at;
        return typeof at === 'object' && at !== null ? new Seen(at).address('address', 'port') : '';
      }
    }

    const counts = new Map<string, number>();
    for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    const resources = [...counts]
      .map(([type, count]) => ({ type, count }))
      .toSorted((a, b) => b.count - a.count);
    const sum = (...types: string[]): number => types.reduce((all, type) => all + (counts.get(type) ?? 0), 0);

    const sockets: WaitingFor['sockets'] = [];
    const childProcesses: WaitingFor['childProcesses'] = [];
    let moreSockets = 0;
    const addSocket = (socket: WaitingFor['sockets'][number]): void => {
      if (sockets.length < limit) sockets.push(socket);
      else moreSockets += 1;
    };
    const handles = new Seen(process).call('_getActiveHandles');
    for (const object of Array.isArray(handles) ? handles : []) {
      const handle = new Seen(object);
      if (handle.kind === 'ChildProcess') {
        childProcesses.push({ pid: Number(handle.text('pid')), file: handle.text('spawnfile') });
      } else if (handle.kind === 'Server') {
        const local = handle.listensOn();
        if (local !== '') addSocket({ direction: 'listen', local, remote: '', unsentBytes: 0 });
      } else if (handle.kind === 'Socket' || handle.kind === 'TLSSocket') {
        const local = handle.address('localAddress', 'localPort');
        // Before it is connected, it knows only whom it wants to reach.
        const remote = handle.address('remoteAddress', 'remotePort') || handle.text('_host');
        // Pipes to other processes and the terminal have no address.
        if (local === '' && remote === '') continue;
        // A server's socket knows its server.
        const direction = handle.get('server') || handle.get('_server') ? 'in' : 'out';
        addSocket({ direction, local, remote, unsentBytes: Number(handle.text('writableLength')) });
      }
    }
    return {
      value: {
        resources,
        sockets,
        moreSockets,
        fileRequests: sum('FSReqCallback', 'FSReqPromise'),
        timers: sum('Timeout', 'Immediate'),
        childProcesses,
      },
    };
  } catch (error) {
    return { error: String(error) };
  }
}

export const waitingExpression = `(${String(readWaiting)})(${listedSockets})`;

const replySchema = z.object({
  value: z.object({
    resources: z.array(z.object({ type: z.string(), count: z.number() })),
    sockets: z.array(
      z.object({
        direction: z.enum(['in', 'out', 'listen']),
        local: z.string(),
        remote: z.string(),
        unsentBytes: z.number(),
      }),
    ),
    moreSockets: z.number(),
    fileRequests: z.number(),
    timers: z.number(),
    childProcesses: z.array(z.object({ pid: z.number(), file: z.string() })),
  }),
});

/** Reads the answer to {@link waitingExpression}. Throws GaugewayError source_unreadable when it is none. */
export function parseWaiting(pid: number, reply: unknown): WaitingFor {
  const parsed = replySchema.safeParse(reply);
  if (parsed.success) return parsed.data.value;
  const reason =
    typeof reply === 'object' && reply !== null ? String(Reflect.get(reply, 'error')) : 'no answer';
  throw new GaugewayError('source_unreadable', `process ${pid} does not tell what it waits for: ${reason}`);
}
