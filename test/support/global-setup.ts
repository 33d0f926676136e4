import { createServer } from 'node:net';
import { once } from 'node:events';
import type { TestProject } from 'vitest/node';
import { messageOf } from '../../src/shared/errors.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/stack/embedded-postgres.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Loopback port that answers a connection with the DSN of the run's PostgreSQL, as one line of JSON. */
    postgresBrokerPort: number;
  }
}

/**
 * One PostgreSQL for a whole run of the tests, started by the first test that asks for a database, so that a run
 * of pure unit tests does not pay for it. Durability is off: the data does not outlive the run.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<EmbeddedPostgres> | undefined;
  let folder: TemporaryFolder | undefined;

  async function start(): Promise<EmbeddedPostgres> {
    folder = await temporaryFolder();
    const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
    return startEmbeddedPostgres({ dataFolder: folder.path, settings });
  }

  const broker = createServer((socket) => {
    socket.on('error', (error) => process.stderr.write(`test database broker: ${messageOf(error)}\n`));
    starting ??= start();
    starting.then(
      ({ dsn }) => socket.end(`${JSON.stringify({ dsn })}\n`),
      (error: unknown) => socket.end(`${JSON.stringify({ error: messageOf(error) })}\n`),
    );
  });
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const address = broker.address();
  if (address === null || typeof address === 'string')
    throw new Error('the test database broker has no port');
  project.provide('postgresBrokerPort', address.port);

  return async () => {
    broker.close();
    // A start that failed was told to every test that asked.
    const server = await starting?.catch(() => undefined);
    await server?.stop();
    await folder?.[Symbol.asyncDispose]();
  };
}
