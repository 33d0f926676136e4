import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import { readScenario } from '../../src/lab/load/scenarios/read-scenario.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { ItemServer } from '../support/item-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

const module = (run: string): string =>
  `export default { name: 'idle', users: 'http', wait: '0ms', tasks: [{ name: 'idle', ${run} }] };`;

const throws = module(`run() { throw new Error('a mistake in the code'); }`);
/** Pauses of no time in a loop of its own. */
const loops = module(
  `async run(user) { for (let n = 0; n < 1e9; n += 1) await user.step({ think: '0ms' }); }`,
);
const thinks = 'name: idle\nusers: http\nwait: 0ms\ntasks:\n  - steps:\n      - think: 0ms\n';

describe('users without a pause whose task sends nothing', () => {
  it.each([
    ['x.mjs', 'its code throws at once', throws],
    ['x.yaml', 'it thinks for no time', thinks],
  ])(
    'are seen, and end when they are told to (%s: %s)',
    async (name, _what, text) => {
      await using folder = await temporaryFolder();
      await using server = await ItemServer.start();
      const file = join(folder.path, name);
      await writeFile(file, text);
      const { load, seen } = start(server.url, [await readScenario(file)]);
      await expect.poll(() => seen.samples, patience).toBeGreaterThan(1);
      await load.stop();
      await load.finished;
      expect(seen.users).toBe(3);
      // However often it was thrown, it is told of once in each window.
      expect(seen.told).toBeLessThanOrEqual(seen.samples);
      if (text === throws) expect(seen.thrown).toBeGreaterThan(seen.told);
    },
    30_000,
  );

  it('are seen while their own code loops', async () => {
    await using folder = await temporaryFolder();
    await using server = await ItemServer.start();
    const file = join(folder.path, 'x.mjs');
    await writeFile(file, loops);
    const { load, seen } = start(server.url, [await readScenario(file)]);
    await expect.poll(() => seen.samples, patience).toBeGreaterThan(1);
    // The code never ends by itself; it hears nothing of a stop, but its process does.
    await load.stop(0);
    expect(seen.users).toBe(3);
  }, 30_000);
});

function start(targetUrl: string, scenarios: LoadPlan['scenarios']) {
  const seen = { samples: 0, users: 0, told: 0, thrown: 0 };
  const load = startLoad(createLoadPlan({ targetUrl, scenarios, users: 3, spawnRate: 1000 }), {
    logger: createLogger('silent'),
    onSample: ({ users }) => {
      seen.samples += 1;
      seen.users = Math.max(seen.users, users);
    },
    onException: ({ message, count }) => {
      expect(message).toBe('a mistake in the code');
      seen.told += 1;
      seen.thrown += count;
    },
  });
  return { load, seen };
}
