import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { engineDriver } from '../../src/lab/load/engine-driver.ts';
import { createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { RunDocument } from '../../src/lab/run-document.ts';
import { runSession } from '../../src/lab/session.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { type DockerEngine, dockerRequirement, startDocker } from '../support/docker.ts';
import { title } from '../support/requires.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const server = join(import.meta.dirname, '..', 'support', 'run-cpu-bound-server.ts');

/** The same MCP server twice, 10 ms of CPU a call: it needs a tenth of a core, and once may use less than that. */
describe.skipIf(dockerRequirement.missing)(title('a session on a container', dockerRequirement), () => {
  let engine: DockerEngine;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    engine = await startDocker();
    folder = await temporaryFolder();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test(
    'names the CPU limit that stops it, before all that looks slow by it',
    { timeout: 90_000 },
    async () => {
      const { findings } = await profile('throttled', ['--cpus', '0.2']);
      expect(findings[0]).toMatchObject({
        ruleId: 'cpu-throttled',
        verdict: 'fail',
        title: expect.stringMatching(/^throttled.* is stopped by its CPU limit in \d+ % of the periods$/),
      });
    },
  );

  test('says nothing of a limit that is far away', { timeout: 90_000 }, async () => {
    const { findings, ruledOut } = await profile('free', ['--cpus', '2']);
    // Where other programs use the cores, it may be slow for that.
    expect(findings.map(({ ruleId }) => ruleId)).not.toContain('cpu-throttled');
    expect(ruledOut.map(({ ruleId }) => ruleId)).toContain('cpu-throttled');
  });

  async function profile(name: string, limit: string[]): Promise<RunDocument> {
    // The inspector and the port are reached where the container shares the network of this machine.
    await engine.runNode(name, [server, '10'], ['--interactive', ...limit, '--network', 'host']);
    const { url } = await listening(name);
    const { document } = await runSession({
      outFolder: await emptyFolder(folder.path, name),
      id: name,
      name,
      stack: {
        name,
        embedded: false,
        gatewayUrl: new URL(url).origin,
        processes: [],
        containers: [{ role: 'gateway', name }],
        containerSocket: engine.socket,
        logs: [],
      },
      load: engineDriver(
        createLoadPlan({
          targetUrl: new URL(url).origin,
          users: 4,
          spawnRate: 4,
          wait: { kind: 'between', minMs: 100, maxMs: 200 },
        }),
      ),
      baselineMs: 500,
      durationMs: 8000,
      coolDownMs: 500,
      thresholds: [],
      abortOnFail: false,
      versions: {},
      logger: createLogger('error'),
      signal: new AbortController().signal,
    });
    return document;
  }

  async function listening(name: string): Promise<{ url: string }> {
    let line = '';
    await expect
      .poll(async () => (line = await engine.docker('logs', name)), { timeout: 20_000 })
      .toContain('listening');
    return JSON.parse(line.split('\n')[0] ?? '');
  }
});
