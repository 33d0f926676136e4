import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { hasErrorCode } from '../../src/shared/system-error.ts';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A real Redis with a folder of its own, which writes nothing to disk. */
export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Another connection to it; closed with the server. */
  client(): Redis;
  /** Ends it at once. */
  stop(): Promise<void>;
  /** Starts it again, empty, at the same port. */
  start(): Promise<void>;
}

/** Starts `program` with further settings as on its command line, e.g. `{ maxmemory: '4mb' }`. */
export async function startRedis(
  program: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RedisServer> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const clients: Redis[] = [];
  const options = {
    bind: '127.0.0.1',
    port: String(port),
    save: '',
    appendonly: 'no',
    dir: folder.path,
    ...settings,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  let end: (() => Promise<void>) | undefined;

  async function stop(): Promise<void> {
    await end?.();
    end = undefined;
  }

  async function start(): Promise<void> {
    end = await startGuarded({
      name: 'redis-server',
      command: program,
      args,
      cwd: folder.path,
      ready: () => listens(port),
      startLimitMs: 10_000,
    });
  }

  const url = `redis://127.0.0.1:${port}`;
  await start();
  return {
    url,
    client() {
      const client = new Redis(url);
      // A server that is stopped under it is what a test wants; its commands tell what they could not do.
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    start,
    stop,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect();
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'ECONNREFUSED')) return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
