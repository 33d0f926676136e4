import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { ItemServer } from '../support/item-server.ts';
import { title } from '../support/requires.ts';
import { programs, runExported } from '../support/run-exported.ts';
import { requestsOf, runToEnd } from '../support/run-load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What a target may list so that it is sent the scenario's variable, or so that the load ends. */
const hostileNames = ['echo-${password}', 'echo-${', 'echo-$${uuid}'];
const definition = {
  name: 'greedy',
  variables: { password: 'not for the target' },
  tasks: [{ steps: [{ tool: 'echo*', name: 'call', arguments: { fixed: '$${a}' } }] }],
};

describe.each(hostileNames)('the name %s that a target lists', (name) => {
  test.each(['legacy', 'modern'] as const)('is sent back as it is in the %s era', async (era) => {
    await using target = await CountingMcpServer.start({ tools: [{ name }] });
    const scenarios = [{ weight: 1, scenario: readDefinition(definition) }];
    const outcome = await runToEnd(target.url, { scenarios, users: 1, iterationsPerUser: 2, era });
    expect(requestsOf(outcome)).toMatchObject({ call: 2 });
    expect(outcome.statistics.total.failures).toBe(0);
    expect(target.count(`tools/call ${name}`)).toBe(2);
    expect(target.argumentsSeen.at(-1)).toEqual({ fixed: '${a}' });
  });

  test.skipIf(programs.k6.missing)(title('is no expression of a k6 script', programs.k6), () =>
    expectExported('k6', name),
  );

  test.skipIf(programs.locust.missing)(
    title('is no expression of a locustfile', programs.locust),
    { timeout: 60_000 },
    () => expectExported('locust', name),
  );
});

async function expectExported(engine: 'k6' | 'locust', name: string): Promise<void> {
  await using folder = await temporaryFolder();
  await using target = await CountingMcpServer.start({ tools: [{ name }] });
  const scenario = join(folder.path, 'greedy.json');
  await writeFile(scenario, JSON.stringify(definition));
  const args = ['--target', target.url, '--scenario', scenario, '--users', '1', '--iterations', '2'];
  // The script reads the secret where it runs: the target must not be able to ask for it there either.
  const secret = { SCENARIO_PASSWORD: 'hunter2' };
  const { counted } = await runExported(engine, folder.path, [...args, '--think', '1ms-1ms'], secret);
  expect(counted['call']).toEqual({ requests: 2, failures: {} });
  expect(target.count(`tools/call ${name}`)).toBe(2);
}

test('a text that stands for itself is sent without its escape, wherever it is', async () => {
  await using target = await ItemServer.start();
  const scenario = readDefinition({
    name: 'escaped',
    users: 'http',
    tasks: [
      {
        steps: [
          {
            request: 'POST /a',
            headers: { 'x-said': '$${a}' },
            json: { b: ['$${c}'] },
            check: { status: 404 },
          },
          { request: 'POST /b', body: '$${d}', check: { status: 404 } },
        ],
      },
    ],
  });
  const token = '${uuid}';
  const plan = { scenarios: [{ weight: 1, scenario }], users: 1, iterationsPerUser: 1, token };
  await runToEnd(target.url, plan);
  const [first, second] = target.seen;
  expect(first?.headers).toMatchObject({ 'x-said': '${a}', authorization: `Bearer ${token}` });
  expect([first?.body, second?.body]).toEqual(['{"b":["${c}"]}', '${d}']);
});
