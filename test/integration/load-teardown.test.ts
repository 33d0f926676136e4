import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import type { LoadHandle } from '../../src/lab/load/load-process.ts';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import type { ScenarioDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { ItemServer } from '../support/item-server.ts';
import { LoopbackServer } from '../support/loopback-server.ts';

const patience = { timeout: 25_000 };

/** Answers every request as it is told, and keeps their lines. */
class ScriptedServer extends LoopbackServer {
  readonly lines: string[] = [];
  readonly #answerAs: (line: string, response: ServerResponse) => void;

  static start(answerAs: (line: string, response: ServerResponse) => void): Promise<ScriptedServer> {
    return new ScriptedServer(answerAs).listen();
  }

  private constructor(answerAs: (line: string, response: ServerResponse) => void) {
    super();
    this.#answerAs = answerAs;
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${request.url}`;
    this.lines.push(line);
    this.#answerAs(line, response);
  }
}

function start(
  targetUrl: string,
  definition: ScenarioDefinition,
  changes: Partial<LoadPlan> = {},
): { load: LoadHandle; warnings: string[] } {
  const warnings: string[] = [];
  const logger = createLogger('warn', (line) => warnings.push(String(Object(JSON.parse(line)).message)));
  const scenarios = [{ weight: 1, scenario: readDefinition(definition) }];
  const plan = createLoadPlan({ targetUrl, scenarios, users: 1, spawnRate: 1000, ...changes });
  return { load: startLoad(plan, { logger, onSample: () => undefined }), warnings };
}

const headers = { 'x-key': 'secret-1' };
const makesItem = { request: 'POST /items', headers, json: {}, extract: { item: '$.id' } };
const deletesItem = { request: 'DELETE /items/${item}', headers };

it.each<[what: string, rest: Pick<ScenarioDefinition, 'setup' | 'tasks'>, reason: string]>([
  [
    'nothing can be asked of the target',
    { setup: [makesItem], tasks: [{ optional: true, steps: [{ request: 'GET /nothing' }] }] },
    'nothing of items can be asked',
  ],
  [
    'a later step of the setup fails',
    { setup: [makesItem, { request: 'GET /nothing' }], tasks: [{ steps: [{ request: 'GET /x' }] }] },
    'the setup of items failed at step 2',
  ],
])('what setup made is taken down when %s', async (_what, rest, reason) => {
  await using server = await ItemServer.start();
  const { load, warnings } = start(server.url, {
    name: 'items',
    users: 'http',
    teardown: [deletesItem],
    ...rest,
  });
  await expect(load.finished).rejects.toThrow(reason);
  expect(server.counts['POST /items']).toBe(1);
  expect(server.left).toBe(0);
  expect(warnings).toEqual([]);
});

const definition: ScenarioDefinition = {
  name: 'items',
  users: 'http',
  setup: [{ request: 'POST /items', json: {}, extract: { item: '$.id' } }],
  tasks: [{ steps: [{ request: 'GET /x' }] }],
  teardown: [{ request: 'DELETE /items/${item}' }],
};

it('what setup made is taken down when the load is stopped while it is prepared', async () => {
  await using server = await ScriptedServer.start((line, response) => {
    // Tries the task, which is never answered.
    if (!line.startsWith('GET')) response.end('{"id":"1"}');
  });
  const tasks = [{ optional: true, steps: [{ request: 'GET /x' }] }];
  const { load } = start(server.url, { ...definition, tasks });
  await expect.poll(() => server.lines, patience).toContain('GET /x');
  await load.stop();
  await load.finished;
  expect(server.lines).toEqual(['POST /items', 'GET /x', 'DELETE /items/1']);
});

it('a teardown that fails is told', async () => {
  await using server = await ScriptedServer.start((line, response) => {
    if (line.startsWith('DELETE')) response.writeHead(500);
    response.end('{"id":"1"}');
  });
  const { load, warnings } = start(server.url, definition, { iterationsPerUser: 1 });
  await load.finished;
  expect(warnings).toEqual([
    'the teardown of items failed at step 1 (DELETE /items/${item}): http 500; what was set up may be left at the target',
  ]);
});

it('a teardown that takes longer than the grace of the users is not cut off', async () => {
  await using server = await ScriptedServer.start((line, response) => {
    // Longer together than the generator gets to end its users.
    if (line.startsWith('DELETE')) void sleep(800).then(() => response.end('{}'));
    else if (line.startsWith('POST')) response.end('{"id":"1"}');
  });
  const teardown = [1, 2, 3, 4].map((item) => ({ request: `DELETE /items/${item}` }));
  const { load, warnings } = start(server.url, { ...definition, teardown });
  await expect.poll(() => server.lines, patience).toContain('GET /x');
  await load.stop(100);
  await load.finished;
  expect(server.lines.filter((line) => line.startsWith('DELETE'))).toHaveLength(4);
  expect(warnings).toEqual([]);
});
