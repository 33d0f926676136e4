import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventStreams } from '../../src/lab/load/web/event-streams.ts';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer } from '../../src/lab/load/web/load-server.ts';
import { LoadTest } from '../../src/lab/load/web/load-test.ts';
import type { LoadStatsAnswer, LogEvent } from '../../src/lab/load/web/stats-answer.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { EventReader } from '../support/event-reader.ts';

let target: CountingMcpServer;
let server: LoadServer;

beforeAll(async () => {
  target = await CountingMcpServer.start({ health: 200 });
  server = await startLoadServer({
    port: 0,
    defaults: { wait: { kind: 'constant', ms: 10 } },
    defaultHost: target.url,
    allowRemote: false,
    logger: createLogger('silent'),
  });
});
afterAll(async () => {
  await server.close();
  await target[Symbol.asyncDispose]();
});

const events = (headers: Record<string, string> = {}): EventReader =>
  new EventReader(`${server.url}/events`, headers);

async function stats(reader: EventReader): Promise<LoadStatsAnswer & { id: string }> {
  const { id, data } = await reader.next('stats');
  const answer: LoadStatsAnswer = JSON.parse(data);
  return { ...answer, id };
}

async function statsWhen(
  reader: EventReader,
  holds: (answer: LoadStatsAnswer) => boolean,
): Promise<LoadStatsAnswer & { id: string }> {
  for (;;) {
    const answer = await stats(reader);
    if (holds(answer)) return answer;
  }
}

async function log(reader: EventReader): Promise<LogEvent> {
  const lines: LogEvent = JSON.parse((await reader.next('log')).data);
  return lines;
}

async function swarm(users: number): Promise<void> {
  const body = new URLSearchParams({ user_count: String(users), spawn_rate: '100' });
  expect(await (await fetch(`${server.url}/swarm`, { method: 'POST', body })).json()).toMatchObject({
    success: true,
  });
}

describe('GET /events', () => {
  it('begins with the state as it is, as an event stream that nobody keeps', async () => {
    await using reader = events();
    const { status, headers } = await reader.response;
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await stats(reader)).toMatchObject({ state: 'ready', gaugeway: { history: [], testNumber: 0 } });
  });

  it('tells of each second once, of the log, and of every change of the test', async () => {
    await using reader = events();
    expect((await stats(reader)).state).toBe('ready');
    await swarm(3);
    const { lines } = await log(reader);
    expect(lines[0]).toContain('the test starts');
    const first = await statsWhen(reader, ({ gaugeway }) => gaugeway.history.length > 0);
    const second = await statsWhen(reader, ({ gaugeway }) => gaugeway.history.length > 0);
    expect(second.gaugeway.history[0]?.atMs).toBeGreaterThan(first.gaugeway.history.at(-1)?.atMs ?? 0);
    await fetch(`${server.url}/stop`);
    expect(await statsWhen(reader, ({ state }) => state === 'stopped')).toMatchObject({ user_count: 0 });
  });

  it('tells of a line of the log alone without the figures', async () => {
    await using reader = events();
    const before = await stats(reader);
    server.test.log.logger.info('one line');
    const line = await reader.next();
    expect(line).toMatchObject({ type: 'log', data: expect.stringContaining('one line') });
    server.test.log.logger.info('another');
    expect(await reader.next()).toMatchObject({ type: 'log', data: expect.stringContaining('another') });
    server.test.resetStatistics();
    const after = await reader.next();
    expect(after.type).toBe('stats');
    expect([before.id, line.id, after.id]).toEqual([...new Set([before.id, line.id, after.id])]);
    await using again = events({ 'last-event-id': line.id });
    expect((await log(again)).lines).toEqual([expect.stringContaining('another')]);
  });

  it('gives a reader that comes back what it missed, and nothing twice', async () => {
    await swarm(2);
    let lastId = '';
    let atMs = 0;
    {
      await using reader = events();
      const whole = await statsWhen(reader, ({ gaugeway }) => gaugeway.history.length > 0);
      [lastId, atMs] = [whole.id, whole.gaugeway.history.at(-1)?.atMs ?? 0];
    }
    await using watcher = events();
    await statsWhen(watcher, ({ gaugeway }) => (gaugeway.history.at(-1)?.atMs ?? 0) > atMs);
    await fetch(`${server.url}/stop`);
    await using reader = events({ 'last-event-id': lastId });
    expect((await log(reader)).lines.join()).toContain('the test has ended');
    const { history } = (await stats(reader)).gaugeway;
    expect(history.length).toBeGreaterThan(0);
    expect(history.every((moment) => moment.atMs > atMs)).toBe(true);
    // A page that opens a stream anew itself cannot set headers.
    await using again = new EventReader(`${server.url}/events?since=${lastId}`);
    expect((await stats(again)).gaugeway.history).toEqual(history);
  });

  it.each(['', 'nonsense', '12345678-1.99999999999999.3'])(
    'gives everything to one whose last event was %j, which this server never sent',
    async (lastId) => {
      await using reader = events({ 'last-event-id': lastId });
      expect((await log(reader)).first).toBe(0);
      expect((await stats(reader)).gaugeway.history).toEqual(server.test.details(0).history);
    },
  );

  it('is heard of when nothing happens', async () => {
    await using reader = events();
    expect(await reader.next('heartbeat')).toMatchObject({ data: '{}' });
  });

  it('has room for 32 readers, and for the next one when one has left', async () => {
    await using readers = new AsyncDisposableStack();
    const some = Array.from({ length: 31 }, () => readers.use(events()));
    for (const reader of some) await stats(reader);
    {
      await using last = events();
      await stats(last);
      const refused = await fetch(`${server.url}/events`);
      expect(refused.status).toBe(503);
      expect(await refused.text()).toContain('32 pages follow the test already');
    }
    await expect
      .poll(async () => {
        await using next = events();
        return (await next.response).status;
      })
      .toBe(200);
  });
});

it('a reader that takes nothing is dropped, and the others are told everything meanwhile', async () => {
  const test = new LoadTest({
    defaults: {},
    defaultHost: target.url,
    allowRemote: false,
    logger: createLogger('silent'),
  });
  const streams = new EventStreams(test, { heartbeatMs: 20, stalledMs: 100 });
  const own = createServer((_request, response) => streams.open(response, ''));
  own.listen(0, '127.0.0.1');
  await once(own, 'listening');
  const address = own.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const closed = once(socket, 'close');
  await using reader = new EventReader(`http://127.0.0.1:${port}/`);
  await reader.next('stats');
  await expect.poll(() => streams.size).toBe(2);
  const padding = 'x'.repeat(10_000);
  const told: string[] = [];
  const tell = async (text: string): Promise<void> => {
    test.log.logger.info(text, { padding });
    told.push(...(await log(reader)).lines.map((line) => line.slice(0, line.indexOf('padding'))));
  };
  let written = 0;
  // Until the buffers between here and there are full, and its time is over.
  while (streams.size === 2) await tell(`line ${(written += 1)} of the log`);
  await tell(`line ${(written += 1)} of the log`);
  expect(told).toEqual(
    Array.from({ length: written }, (_, index) => expect.stringContaining(`line ${index + 1} of the log`)),
  );
  socket.resume();
  socket.on('error', () => undefined);
  await closed.catch(() => undefined);
  streams.close();
  own.close();
  await once(own, 'close');
});
