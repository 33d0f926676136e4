import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A target below HTTP: what it does with a connection is up to the test. */
export interface SocketServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** `onRequest` is told when a request begins to arrive on a connection, each time. */
export async function startSocketServer(
  onRequest: (socket: Socket) => void,
  port = 0,
): Promise<SocketServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The client may be gone first, which is what some tests want.
    socket.on('error', () => socket.destroy());
    socket.on('data', () => onRequest(socket));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
