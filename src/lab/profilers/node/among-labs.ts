import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { nowMs, sleep } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';

const pollMs = 20;
/** Longer than a lab that works takes; whoever holds a name longer hangs, or is no lab, and must not hold up the others. */
const patienceMs = 10_000;

/** How long an attachment still waits for other labs: once in all, and not each time. */
export interface LabPatience {
  leftMs: number;
}

/** Names that somebody held for longer than an attachment has patience: they are tried, and not waited for again. */
const hanging = new Set<string>();

/** That of an attachment that begins. */
export function labPatience(): LabPatience {
  return { leftMs: patienceMs };
}

/**
 * Runs `act` while no other lab of this network namespace does what has the same name: two that open and close the
 * inspector of one process at the same moment would do it under each other's feet. The name is that of an abstract
 * socket (unix(7)), which the kernel gives to one process at a time, of whichever user, and takes back when that ends.
 * Without patience left it runs all the same. Throws GaugewayError `interrupted` when `signal` aborts the wait.
 */
export async function oneAmongLabs<T>(
  name: string,
  { patience, signal }: { patience: LabPatience; signal?: AbortSignal },
  act: () => Promise<T>,
): Promise<T> {
  const startMs = nowMs();
  const waitMs = hanging.has(name) ? 0 : patience.leftMs;
  const held = await hold(`\0gaugeway-lab-${name}`, startMs + waitMs, signal);
  if (held === undefined && signal?.aborted === true) {
    throw new GaugewayError('interrupted', 'waiting for another lab was interrupted');
  }
  if (held === undefined) hanging.add(name);
  else hanging.delete(name);
  patience.leftMs = Math.max(0, patience.leftMs - (nowMs() - startMs));
  try {
    return await act();
  } finally {
    if (held !== undefined) await letGo(held);
  }
}

/** Tries once at least; undefined at the end of the wait. */
async function hold(path: string, endMs: number, signal?: AbortSignal): Promise<Server | undefined> {
  for (;;) {
    const server = createServer((socket) => socket.destroy());
    server.listen(path);
    try {
      await once(server, 'listening');
      return server;
    } catch (error) {
      if (!hasErrorCode(error, 'EADDRINUSE')) throw error;
    }
    await sleep(pollMs, signal);
    if (nowMs() >= endMs || signal?.aborted === true) return undefined;
  }
}

async function letGo(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
