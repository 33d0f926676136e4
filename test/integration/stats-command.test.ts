import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatsDocument } from '../../src/lab/look/stats/stats-look.ts';
import { gaugeway } from '../support/command-line.ts';
import { type DockerEngine, dockerRequirement, startDocker } from '../support/docker.ts';
import { title } from '../support/requires.ts';

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
    expect(stdout).toMatch(/^not seen: no container nobody; running: mcp-gateway-1, mcp-redis-1$/m);
    expect(code).toBe(0);
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

  test.skipIf(process.platform !== 'linux')('says that a process has ended', async () => {
    const child = spawn('true', { stdio: 'ignore' });
    await once(child, 'exit');
    const { code, stderr } = await gaugeway(['stats', '--pid', `${child.pid}`]);
    expect(stderr).toContain(`process ${child.pid} has ended`);
    expect(code).toBe(3);
  });
});
