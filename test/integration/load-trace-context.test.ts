import { expect, test } from 'vitest';
import { ItemServer } from '../support/item-server.ts';
import { runScenarios, scenario } from '../support/run-scenarios.ts';

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
