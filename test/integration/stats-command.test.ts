import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatsDocument } from '../../src/lab/look/stats/stats-look.ts';
import { canEnter } from '../../src/stack/service-account.ts';
import { gaugeway } from '../support/command-line.ts';
import { type DockerEngine, dockerRequirement, startDocker } from '../support/docker.ts';
import { type Requirement, title } from '../support/requires.ts';

const nobody = { name: 'nobody', uid: 65_534, gid: 65_534 };
const checkout = await realpath(join(import.meta.dirname, '..', '..'));
const stranger: Requirement = (await canEnter(checkout, nobody))
  ? { path: checkout }
  : { missing: 'this checkout lies where another user cannot enter it' };
const spin = ['sh', '-c', 'while :; do :; done'];

describe.skipIf(dockerRequirement.missing)(title('gaugeway stats on containers', dockerRequirement), () => {
  let engine: DockerEngine;
  beforeAll(async () => {
    engine = await startDocker();
    await engine.run('mcp-gateway-1', spin, ['--cpus', '0.1']);
    await engine.run('mcp-redis-1', ['sleep', '600']);
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const stats = (...args: string[]): ReturnType<typeof gaugeway> =>
    gaugeway(['stats', '--container-socket', engine.socket, '--window', '1s', ...args]);

  test('finds a throttled one unhealthy, and no other', async () => {
    const { code, stdout } = await stats('--all', '--check', '--json');
    const document: StatsDocument = JSON.parse(stdout);
    expect(document).toMatchObject({
      command: 'stats',
      verdict: 'fail',
      parts: [
        { name: 'mcp-gateway-1', role: 'gateway', kind: 'container', cpuLimitCores: 0.1, verdict: 'fail' },
        { name: 'mcp-redis-1', role: 'redis', cpuLimitCores: null, throttledPercent: null, verdict: 'ok' },
      ],
    });
    expect(document.remarks[0]?.text).toMatch(/^mcp-gateway-1 was stopped in \d+ % of the periods/);
    expect(code).toBe(1);
  });

  test('judges by the limits that are given', async () => {
    const changed = ['--limit', 'stats.throttled=101', '--limit', 'stats.redis.memory=1'];
    const { code, stdout } = await stats('--all', '--check', ...changed);
    expect(stdout).toMatch(/^redis mcp-redis-1 .*fail$/m);
    expect(stdout).not.toContain('was stopped in');
    expect(code).toBe(1);
  });

  test('shows containers and processes in one table within 80 columns, one of each role below their sum', async () => {
    const { code, stdout } = await stats('--container', 'mcp-gateway-1', '--pid', `gateway=${process.pid}`);
    expect(stdout).toMatch(/^machine: CPU /m);
    expect(stdout).toMatch(/^gateway × 2 /m);
    expect(stdout).toMatch(/^ {2}mcp-gateway-1 .* 10 % .*fail$/m);
    expect(stdout).toMatch(new RegExp(`^ {2}gateway ${process.pid} .*ok$`, 'm'));
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(code).toBe(0);
  });

  test('says which one could not be seen', async () => {
    const { code, stdout } = await stats('--container', 'mcp-redis-1', '--container', 'nobody');
    expect(stdout).toMatch(/^fail no container nobody; running: mcp-gateway-1, mcp-redis-1$/m);
    expect(code).toBe(0);
  });

  test.skipIf(stranger.missing)(
    title('are read by a user who may ask the engine, and owns none of their processes', stranger),
    async () => {
      await chmod(engine.socket, 0o666);
      const { code, stdout, stderr } = await gaugeway(
        ['stats', '--container-socket', engine.socket, '--window', '1s', '--all', '--json'],
        { account: nobody },
      );
      expect([code, stderr]).toEqual([0, '']);
      const document: StatsDocument = JSON.parse(stdout);
      expect(document.notes).toEqual([]);
      expect(document.parts).toMatchObject([
        // What the engine does not tell: it was read on this machine.
        { name: 'mcp-gateway-1', cpuLimitCores: 0.1, oomKills: 0, receivedBytesPerS: null },
        { name: 'mcp-redis-1', cpuLimitCores: null },
      ]);
    },
  );

  test('does not pass a check when one of them has died', async () => {
    await engine.run('mcp-worker-1', ['sleep', '0']);
    await engine.docker('wait', 'mcp-worker-1');
    const named = ['--container', 'mcp-redis-1', '--container', 'mcp-worker-1'];
    const { code, stdout } = await stats(...named, '--check', '--json');
    const document: StatsDocument = JSON.parse(stdout);
    expect(document.remarks).toContainEqual({ verdict: 'fail', text: 'container mcp-worker-1 does not run' });
    expect(document.parts).toMatchObject([{ name: 'mcp-redis-1' }]);
    expect(code).toBe(1);
  });
});

describe('gaugeway stats', () => {
  test('says what to give when nothing was given', async () => {
    const { code, stderr } = await gaugeway(['stats']);
    expect(stderr).toMatch(/no container or process was given: name it with --container, --pid or --all/);
    expect(code).toBe(2);
  });

  test('says which engine does not answer', async () => {
    const { code, stderr } = await gaugeway(['stats', '--all', '--container-socket', '/nowhere.sock']);
    expect(stderr).toContain('/nowhere.sock: no container engine answers there');
    expect(code).toBe(3);
  });

  test.skipIf(process.platform !== 'linux')('fails a check when one of two processes has ended', async () => {
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    const pids = ['--pid', `${child.pid}`, '--pid', `${process.pid}`];
    const { code, stdout } = await gaugeway(['stats', ...pids, '--window', '1s', '--check']);
    expect(stdout).toMatch(new RegExp(`^fail process ${child.pid} has ended$`, 'm'));
    expect(code).toBe(1);
  });

  test.skipIf(process.platform !== 'linux')('says that a process has ended', async () => {
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    const { code, stderr } = await gaugeway(['stats', '--pid', `${child.pid}`]);
    expect(stderr).toContain(`process ${child.pid} has ended`);
    expect(code).toBe(3);
  });
});
