import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../src/lab/doctor/examine.ts';
import { discoverStack } from '../../src/stack/discover/discover.ts';
import { stackFileText } from '../../src/stack/discover/stack-file-text.ts';
import { type DockerEngine, dockerRequirement, startDocker } from '../support/docker.ts';
import { title } from '../support/requires.ts';

const never = new AbortController().signal;

describe.skipIf(dockerRequirement.missing)(title('a stack of containers', dockerRequirement), () => {
  let engine: DockerEngine;

  beforeAll(async () => {
    engine = await startDocker();
    const part = (project: string, service: string, ...more: string[]) =>
      engine.run(
        `${project}-${service}-1`,
        ['sleep', '600'],
        [
          '--label',
          `com.docker.compose.project=${project}`,
          '--label',
          `com.docker.compose.service=${service}`,
          ...more,
        ],
      );
    await part('mcp', 'gateway', '--env', 'REDIS_URL=redis://:geheim@redis:6379/0');
    await part('mcp', 'postgres', '--env', 'POSTGRES_PASSWORD=geheim');
    await part('mcp', 'redis', '--log-driver', 'none');
    await part('shop', 'nginx');
    await engine.run('backup', ['sleep', '600']);
  }, 120_000);
  afterAll(() => engine[Symbol.asyncDispose]());

  test('is found by the labels of its Compose project', async () => {
    const found = await discoverStack({ socket: engine.socket, project: 'mcp' });
    expect(found.parts.map(({ role, where }) => `${role}: ${where}`).toSorted()).toEqual([
      'gateway: container mcp-gateway-1',
      'postgres: container mcp-postgres-1',
      'redis: container mcp-redis-1',
    ]);
    expect(found.unreached).toContainEqual(
      expect.objectContaining({
        what: 'PostgreSQL, container mcp-postgres-1',
        remedy: expect.stringContaining('ports:'),
      }),
    );
    expect(found.unreached).toContainEqual(
      expect.objectContaining({ remedy: 'gaugeway discover --project shop' }),
    );
    const text = stackFileText(found);
    expect(text).not.toContain('geheim');
    expect(text).toContain(`socket: "${engine.socket}"`);
    expect(text).toContain('- { role: gateway, name: mcp-gateway-1, container: mcp-gateway-1 }');
  });

  test('is the project with the gateway when none is named', async () => {
    const { name, processes, parts } = await discoverStack({ socket: engine.socket });
    expect({ name, processes }).toEqual({ name: 'mcp', processes: [] });
    expect(parts.every(({ where }) => where.startsWith('container mcp-'))).toBe(true);
  });

  test('stays out of the stack of a gateway elsewhere', async () => {
    const { name, containers, unreached } = await discoverStack({
      socket: engine.socket,
      target: 'http://127.0.0.1:1',
    });
    expect({ name, containers }).toEqual({ name: undefined, containers: [] });
    expect(unreached).toContainEqual(
      expect.objectContaining({ why: 'they are another stack: none of them is reached at the target' }),
    );
  });

  test('that does not run is told, with those that do', async () => {
    const { parts, unreached } = await discoverStack({ socket: engine.socket, project: 'none' });
    expect(parts).toEqual([]);
    expect(unreached).toContainEqual({
      what: 'Compose project none',
      why: 'nothing of it runs; there are mcp, shop',
    });
  });

  test('is examined: what runs, and whose log gives nothing back', async () => {
    await engine.docker('stop', '--time', '0', 'mcp-postgres-1');
    const { checks } = await examine(
      {
        processes: [],
        missingProcesses: [],
        containerSocket: engine.socket,
        containers: [
          { role: 'gateway', name: 'mcp-gateway-1' },
          { role: 'postgres', name: 'mcp-postgres-1' },
          { role: 'upstream', name: 'mcp-none-1' },
        ],
        logs: [{ role: 'redis', name: 'redis', from: { container: 'mcp-redis-1' } }],
      },
      never,
    );
    const states = checks.filter(({ check }) => check === 'runs' || check === 'log');
    expect(states.map(({ source, check, status }) => `${source} ${check} ${status}`)).toEqual([
      'mcp-gateway-1 runs ok',
      'mcp-postgres-1 runs fail',
      'mcp-none-1 runs fail',
      'mcp-redis-1 runs ok',
      'mcp-redis-1 log fail',
    ]);
    expect(checks).toContainEqual(expect.objectContaining({ check: 'engine', status: 'ok' }));
  });
});
