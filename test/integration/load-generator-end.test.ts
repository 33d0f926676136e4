import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import type { LoadHandle } from '../../src/lab/load/load-process.ts';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { DelayingServer, pageScenario } from '../support/delaying-server.ts';

const scenarios = [{ weight: 1, scenario: readDefinition(pageScenario) }];

/** A load of two users, and what it warned of. */
function start(targetUrl: string, changes: Partial<LoadPlan> = {}): { load: LoadHandle; warnings: string[] } {
  const warnings: string[] = [];
  const logger = createLogger('warn', (line) => warnings.push(String(Object(JSON.parse(line)).message)));
  const plan = createLoadPlan({ targetUrl, scenarios, users: 2, spawnRate: 1000, ...changes });
  return { load: startLoad(plan, { logger, onSample: () => undefined }), warnings };
}

describe('a generator process that was told to stop', () => {
  it('and dies instead is a load that failed', async () => {
    // Never answers, so that the users are still there when their process dies.
    await using server = await DelayingServer.start(() => undefined);
    const { load } = start(server.url);
    await load.ramped;
    await expect.poll(() => server.arrived).toBe(2);
    const stopped = load.stop(60_000);
    const [pid = NaN] = load.pids;
    process.kill(pid, 'SIGKILL');
    await stopped;
    await expect(load.finished).rejects.toThrow('the load generator died (SIGKILL)');
  });

  it('and does not hear of it is killed, which is told', async () => {
    await using server = await DelayingServer.start(() => undefined);
    const { load, warnings } = start(server.url);
    await load.ramped;
    const [pid = NaN] = load.pids;
    process.kill(pid, 'SIGSTOP');
    await load.stop(0);
    await load.finished;
    expect(warnings).toEqual([
      'the load generator did not end in time and was killed: its last figures may be missing',
    ]);
  });

  it('and ends as told is no reason to warn', async () => {
    await using server = await DelayingServer.start(() => 1);
    const { load, warnings } = start(server.url);
    await load.ramped;
    await load.stop();
    await load.finished;
    expect(warnings).toEqual([]);
  });
});

/** Ended, and not yet taken notice of by its parent. */
function isZombie(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.startsWith('Z');
}

it('a generator process may end while it is sent something', async () => {
  // Asks nothing: who would answer is kept from it here.
  const pause = readDefinition({ name: 'pause', users: 'http', tasks: [{ steps: [{ think: '100ms' }] }] });
  const { load } = start('http://127.0.0.1:1', {
    iterationsPerUser: 1,
    scenarios: [{ weight: 1, scenario: pause }],
  });
  await load.ramped;
  const [pid = NaN] = load.pids;
  // This process sees and hears nothing meanwhile.
  while (!isZombie(pid));
  load.setUsers(3, 1000);
  await load.finished;
});
