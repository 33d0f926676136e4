import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { nowMs, sleep } from '../../../shared/clock.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';

const pollMs = 20;
/** Longer than a lab that works takes; whoever holds a name longer hangs, and must not hold up the others. */
const patienceMs = 15_000;

/**
 * Runs `act` while no other lab of this network namespace does what has the same name: two that open and close the
 * inspector of one process at the same moment would do it under each other's feet. The name is that of an abstract
 * socket (unix(7)), which the kernel gives to one process at a time and takes back when that ends. After 15 seconds it
 * runs all the same.
 */
export async function oneAmongLabs<T>(name: string, act: () => Promise<T>): Promise<T> {
  const held = await hold(`\0gaugeway-lab-${name}`);
  try {
    return await act();
  } finally {
    if (held !== undefined) await letGo(held);
  }
}

async function hold(path: string): Promise<Server | undefined> {
  for (const end = nowMs() + patienceMs; nowMs() < end; await sleep(pollMs)) {
    const server = createServer((socket) => socket.destroy());
    server.listen(path);
    try {
      await once(server, 'listening');
      return server;
    } catch (error) {
      if (!hasErrorCode(error, 'EADDRINUSE')) throw error;
    }
  }
  return undefined;
}

async function letGo(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
