import { outsideMessage } from '../../shared/outside-error.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';

const boundMs = 2000;

/** Asks a Redis for its version, within two seconds; says why it does not tell it, e.g. `NOAUTH …`. */
export async function askRedis(url: string): Promise<{ version: string } | { refused: string }> {
  const { Redis } = await import('ioredis');
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: boundMs,
    commandTimeout: boundMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    enableOfflineQueue: false,
  });
  let failure: unknown;
  // The promises tell only that the connection is closed; this says why.
  client.on('error', (error) => {
    failure = error;
  });
  try {
    await client.connect();
    const info = await client.info('server');
    const version = /^(?:valkey|redis)_version:(\S+)/m.exec(info)?.[1];
    return version === undefined ? { refused: 'it does not say its version' } : { version };
  } catch (error) {
    return { refused: maskSecrets(outsideMessage(failure ?? error)) };
  } finally {
    client.disconnect();
  }
}
