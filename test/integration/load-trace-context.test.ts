import { expect, test } from 'vitest';
import { runDocumentSchema } from '../../src/lab/run-document.ts';
import { gaugeway } from '../support/command-line.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { ItemServer } from '../support/item-server.ts';
import { runScenarios, scenario } from '../support/run-scenarios.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const visitor = scenario({
  name: 'visitor',
  tasks: [
    {
      name: 'visit',
      steps: [
        { request: 'POST /login', name: 'log in' },
        {
          request: 'POST /login',
          name: 'as told',
          headers: { Traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`, Baggage: 'mine=1' },
        },
      ],
    },
  ],
});

test('each request says which run, scenario and step it belongs to; what a scenario says itself wins', async () => {
  await using server = await ItemServer.start();
  await runScenarios(server.url, [visitor], { traceContext: { runId: 'r1' }, processes: 2 });
  const headers = server.seen.map((request) => request.headers);
  const own = headers.filter(({ baggage }) => baggage !== 'mine=1');
  expect(headers.length).toBe(40);
  expect(own.length).toBe(20);
  for (const { baggage, traceparent } of own) {
    expect(baggage).toBe('gaugeway.run_id=r1,gaugeway.scenario=visitor,gaugeway.step=POST%20log%20in');
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  }
  expect(new Set(own.map(({ traceparent }) => traceparent)).size).toBe(20);
  const told = headers.filter(({ baggage }) => baggage === 'mine=1');
  expect(new Set(told.map(({ traceparent }) => traceparent))).toEqual(
    new Set([`00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`]),
  );
});

test('without a trace context requests have no such headers', async () => {
  await using server = await ItemServer.start();
  await runScenarios(server.url, [
    scenario({ name: 'plain', tasks: [{ steps: [{ request: 'POST /login' }] }] }),
  ]);
  expect(server.seen.length).toBeGreaterThan(0);
  for (const { headers } of server.seen) {
    expect(headers).not.toHaveProperty('traceparent');
    expect(headers).not.toHaveProperty('baggage');
  }
});

test('the run that requests name is the one whose result a session gives', async () => {
  await using server = await CountingMcpServer.start({ health: 200 });
  await using folder = await temporaryFolder();
  const words =
    '--users 2 --baseline 0ms --duration 1s --cool-down 0ms --no-profile --name trial --json'.split(' ');
  const { stdout } = await gaugeway([
    'session',
    '--target',
    server.url,
    ...words,
    '--out',
    `${folder.path}/run`,
  ]);
  const { id } = runDocumentSchema.parse(JSON.parse(stdout));
  expect(id).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-trial$/);
  expect([...server.runIds]).toEqual([id]);
}, 60_000);
