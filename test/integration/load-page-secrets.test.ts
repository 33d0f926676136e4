import { expect, it } from 'vitest';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer } from '../../src/lab/load/web/load-server.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';

/** A page of a command that was started with a scenario of one request and with `defaultHost`. */
async function startPage(
  defaultHost: string,
  own: { variables?: Record<string, string>; step?: object },
): Promise<LoadServer & AsyncDisposable & { swarm: (host: string) => Promise<unknown> }> {
  const scenario = readDefinition({
    name: 'own',
    users: 'http',
    ...(own.variables === undefined ? {} : { variables: own.variables }),
    tasks: [{ steps: [{ request: 'GET /health', ...own.step }] }],
  });
  const server = await startLoadServer({
    port: 0,
    defaults: { scenarios: [{ weight: 1, scenario }], iterationsPerUser: 1 },
    defaultHost,
    allowRemote: false,
    logger: createLogger('silent'),
  });
  const swarm = async (host: string): Promise<unknown> => {
    const body = new URLSearchParams({ user_count: '1', spawn_rate: '1', host });
    return (await fetch(`${server.url}/swarm`, { method: 'POST', body })).json();
  };
  return { ...server, swarm, [Symbol.asyncDispose]: () => server.close() };
}

it.each([
  ['a header', { step: { headers: { 'X-Api-Key': 'S3CRET' } } }, 'X-Api-Key'],
  ['a header of a variable', { variables: { a: 'S3CRET' }, step: { headers: { cookie: '${a}' } } }, 'cookie'],
  ['a variable', { variables: { accessToken: 'S3CRET' } }, 'accessToken'],
  ['a field', { step: { request: 'POST /health', json: { user: { password: 'S3CRET' } } } }, 'password'],
])('a scenario with a secret in %s goes to the host of the command only', async (_where, own, name) => {
  await using target = await CountingMcpServer.start({ health: 200 });
  await using page = await startPage(target.url, own);
  const other = target.url.replace('127.0.0.1', 'localhost');
  expect(await page.swarm(other)).toMatchObject({
    success: false,
    message:
      `the scenario own holds secrets (${name}): they go to no other host than ${target.url} ` +
      'that the command was started with (--target)',
  });
  expect(page.test.state).toBe('ready');
  expect(await page.swarm(target.url)).toMatchObject({ success: true });
});

it('a scenario without secrets goes to any host that is allowed', async () => {
  await using target = await CountingMcpServer.start({ health: 200 });
  await using page = await startPage('http://127.0.0.1:1', {
    variables: { page: '1', token: '' },
    step: { headers: { accept: 'application/json', 'x-tenant': 'blue' } },
  });
  expect(await page.swarm(target.url)).toMatchObject({ success: true });
});
