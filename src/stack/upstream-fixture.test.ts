import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUpstreamFixture } from './upstream-fixture.ts';
import type { UpstreamFixture } from './upstream-fixture.ts';
import { convertTime, systemTime } from './upstream-fixture/time.ts';
import { runTool } from './upstream-fixture/tools.ts';
import { modernRequest, openSession, post } from '../../test/support/mcp-client.ts';

let fixture: UpstreamFixture;

beforeAll(async () => {
  fixture = await startUpstreamFixture({ port: 0 });
});
afterAll(() => fixture.close());

const echo = { name: 'echo', arguments: { message: 'hello' } };

test('serves both eras at one endpoint', async () => {
  const { body, headers } = modernRequest('tools/call', echo);
  expect((await post(fixture.url, body, headers)).messages[0]).toMatchObject({
    result: { resultType: 'complete', content: [{ text: 'hello' }] },
  });
  const session = await openSession(fixture.url);
  const legacy = await post(
    fixture.url,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: echo },
    session,
  );
  expect(legacy.messages[0]).toEqual({
    jsonrpc: '2.0',
    id: 1,
    result: { content: [{ type: 'text', text: 'hello' }] },
  });
});

test('keeps its sessions: 400 without, 404 after the end', async () => {
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
  const session = await openSession(fixture.url);
  expect((await post(fixture.url, ping)).status).toBe(400);
  expect((await fetch(fixture.url, { method: 'DELETE', headers: session })).status).toBe(204);
  expect((await post(fixture.url, ping, session)).status).toBe(404);
});

test.each<[string, unknown]>([
  ['nope', {}],
  ['echo', {}],
  ['echo', { message: 1 }],
  ['echo', { message: 'x', more: 1 }],
  ['echo', []],
  ['slow', { delay_ms: -1 }],
  ['slow', { delay_ms: 1e9 }],
  ['get_system_time', { timezone: 'Middle/Earth' }],
  ['convert_time', { time: 'noon', source_timezone: 'UTC', target_timezone: 'UTC' }],
])('%s refuses %j', async (name, args) => {
  const { body, headers } = modernRequest('tools/call', { name, arguments: args });
  expect((await post(fixture.url, body, headers)).messages[0]).toMatchObject({ error: { code: -32602 } });
});

test('slow takes its time, and fail fails as tools do', async () => {
  expect(await runTool('slow', { delay_ms: 1 })).toEqual({
    content: [{ type: 'text', text: 'waited 1 ms' }],
  });
  expect(await runTool('fail', { message: 'no' })).toEqual({
    content: [{ type: 'text', text: 'no' }],
    isError: true,
  });
});

test.each([
  ['2026-01-15T12:00:00Z', 'UTC', 'Asia/Kolkata', '2026-01-15T17:30:00+05:30'],
  ['2026-07-01 12:00', 'Europe/Berlin', 'America/New_York', '2026-07-01T06:00:00-04:00'],
  ['2026-03-29T03:30:00', 'Europe/Berlin', 'UTC', '2026-03-29T01:30:00Z'],
  ['2026-01-15T12:00:00+09:00', 'Europe/Berlin', 'UTC', '2026-01-15T03:00:00Z'],
])('%s in %s is, in %s, %s', (time, source, target, expected) => {
  expect(convertTime(time, source, target)).toBe(expected);
});

test('the time is RFC 3339', () => {
  expect(systemTime('UTC')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(systemTime('Asia/Kolkata')).toMatch(/\+05:30$/);
});
