import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { ownListeningSockets } from '../../../shared/listening-ports.ts';
import { findInspector } from './find-inspector.ts';
import { reachLoopback } from './loopback-reach.ts';

test.skipIf(process.platform !== 'linux').each([
  [10, 'is an inspector'],
  [1024 * 1024, 'is none'],
])('what answers with %i bytes more than it debugs %s', async (bytes, what) => {
  const server = createServer((_, response) => {
    response.end(JSON.stringify([{ webSocketDebuggerUrl: 'ws://127.0.0.1/id', more: 'x'.repeat(bytes) }]));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const sockets = (await ownListeningSockets(process.pid)).filter(
    ({ port }) => typeof address === 'object' && port === address?.port,
  );
  const reach = await reachLoopback(process.pid);
  const found = await findInspector(sockets, reach);
  await reach.destroy();
  server.close();
  expect(found?.url).toBe(what === 'is none' ? undefined : `ws://127.0.0.1:${sockets[0]?.port}/id`);
});
