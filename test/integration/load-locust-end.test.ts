import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { LocustDriver } from '../../src/lab/load/external/locust-driver.ts';
import { createLogger } from '../../src/shared/logger.ts';

/** A page that agrees to a test and begins none, as that of a master without workers. */
async function startMaster(stopStatus: number) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    asked.push(line);
    if (line === 'GET /stop') response.writeHead(stopStatus).end('{}');
    else if (line === 'POST /swarm') response.end('{"success":true}');
    else response.end('{"state":"ready","user_count":0,"stats":[],"errors":[]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return {
    asked,
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function start(url: string, onSample: () => void = () => undefined) {
  const notes: string[] = [];
  const gaps: unknown[] = [];
  const running = new LocustDriver({ url, start: { users: 1, spawnRate: 1 } }).start({
    onSample,
    onGap: (error) => gaps.push(error),
    onNote: (text) => notes.push(text),
    logger: createLogger('silent'),
    signal: new AbortController().signal,
  });
  return { running, notes, gaps };
}

it('a Locust that is given up on is told to stop, as it would begin once it has workers', async () => {
  await using master = await startMaster(200);
  const { running } = start(master.url);
  await expect(running.finished).rejects.toThrow('agreed to a test and begins none');
  expect(master.asked).toContain('GET /stop');
});

it('a Locust that does not stop is told to the user', async () => {
  await using master = await startMaster(500);
  const { running, notes } = start(master.url);
  await expect.poll(() => master.asked, { timeout: 10_000 }).toContain('POST /swarm');
  await running.stop();
  expect(notes).toContainEqual(
    expect.stringMatching(/^the test in Locust could not be stopped, and may go on: /),
  );
});

it('what fails on this side is no gap of Locust', async () => {
  await using master = await startMaster(200);
  const { running, gaps } = start(master.url, () => {
    throw new Error('a fault of ours');
  });
  await expect(running.finished).rejects.toThrow('a fault of ours');
  expect(gaps).toEqual([]);
});
