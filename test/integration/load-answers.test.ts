import { expect, it, vi } from 'vitest';
import type { ActingUser } from '../../src/lab/load/acting-user.ts';
import { compileStep } from '../../src/lab/load/compile-step.ts';
import { HttpTarget } from '../../src/lab/load/http-target.ts';
import { McpClient } from '../../src/lab/load/mcp-client.ts';
import { createWire } from '../../src/lab/load/mcp-wire.ts';
import { prepareStep } from '../../src/lab/load/prepare-step.ts';
import { createRandom } from '../../src/lab/load/random.ts';
import { readStep } from '../../src/lab/load/scenarios/step-definition.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { ItemServer } from '../support/item-server.ts';

const wire = createWire('legacy', undefined);

it('an answer is parsed once, however many checks and extractions look at it', async () => {
  await using server = await ItemServer.start();
  const target = new HttpTarget(server.url, 10_000);
  const user: ActingUser = {
    client: new McpClient(target, wire, '/', () => undefined),
    random: createRandom(1),
    variables: {},
    pause: () => Promise.resolve(),
  };
  const step = readStep({
    request: 'POST /login',
    json: {},
    check: { json: { '$.key': 'secret-1' } },
    extract: { key: '$.key', id: '$.user.id' },
  });
  const login = compileStep(prepareStep(step), { wire, token: undefined, basePath: '' });
  using parse = vi.spyOn(JSON, 'parse');
  expect(await login(user, performance.now())).toBeUndefined();
  expect(parse.mock.calls.filter(([text]) => text.includes('secret-1'))).toHaveLength(1);
  expect(user.variables).toEqual({ key: 'secret-1', id: 42 });
  await target.destroy();
});

it('a result of MCP is judged by the moment at which it was complete, as it is counted', async () => {
  await using server = await CountingMcpServer.start();
  const target = new HttpTarget(server.url, 10_000);
  const counted: number[] = [];
  const client = new McpClient(target, wire, '/mcp', ({ endMs }) => counted.push(endMs));
  await client.open();
  const judged: number[] = [];
  await client.request(wire.message('tools/list'), 'tools/list', performance.now(), (_result, endMs) => {
    judged.push(endMs);
    return undefined;
  });
  await client.close();
  expect(judged).toHaveLength(1);
  expect(counted).toContain(judged[0]);
  await target.destroy();
});
