import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Collector } from '../../src/lab/collect/collector.ts';
import {
  type ContainerCounters,
  countersOfEngine,
} from '../../src/lab/collect/container/container-counters.ts';
import { ContainerEngine } from '../../src/lab/collect/container/container-engine.ts';
import { gatewayProcesses } from '../../src/lab/collect/container/container-processes.ts';
import { WatchedContainer } from '../../src/lab/collect/container/watched-container.ts';
import { createCollectors } from '../../src/lab/collect/index.ts';
import type { ContainerSample } from '../../src/lab/timeline/samples/container-sample.ts';
import { createLogger } from '../../src/shared/logger.ts';
import type { StackDescription } from '../../src/shared/stack-description.ts';
import { type DockerEngine, dockerRequirement, startDocker } from '../support/docker.ts';
import { title } from '../support/requires.ts';
import { RecordingSink } from './recording-sink.ts';

const never = new AbortController().signal;
const spin = ['sh', '-c', 'while :; do :; done'];

describe.skipIf(dockerRequirement.missing)(title('a container', dockerRequirement), () => {
  let engine: DockerEngine;
  beforeAll(async () => {
    engine = await startDocker();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  test('that is throttled tells its quota and how often it was stopped', async () => {
    await engine.run('throttled', spin, ['--cpus', '0.2', '--memory', '64m']);
    const sample = await sampled('throttled', (seen) => {
      // Most of the time it is stopped and uses nothing: a look at two close moments may fall into that.
      return (seen.throttling?.throttledPeriods ?? 0) > 1 && seen.cpuPercent > 0;
    });
    expect(sample).toMatchObject({
      role: 'gateway',
      cpuLimitCores: 0.2,
      memoryLimitBytes: 64 * 1024 ** 2,
      pids: 1,
    });
    expect(sample.cpuPercent).toBeGreaterThan(0);
    expect(sample.memoryBytes).toBeGreaterThan(0);
    expect(sample.network).toBeNull();
    expect(sample.throttling?.throttledMs).toBeGreaterThan(0);
  });

  test('is told alike by the engine and by its control group', async () => {
    // Another name each time, so that it can be tried again.
    const name = `alike-${randomUUID()}`;
    await engine.run(name, spin, ['--cpus', '0.1']);
    const client = await ContainerEngine.connect(engine.socket);
    const container = new WatchedContainer(name);
    const before = await container.read(client);
    const told = countersOfEngine('docker', await client.inspect(name), await client.stats(name));
    const after = await container.read(client);
    for (const figure of [
      ({ cpuMs }: ContainerCounters) => cpuMs,
      ({ machine }: ContainerCounters) => machine?.cpuMs ?? 0,
      ({ throttling }: ContainerCounters) => throttling?.throttledPeriods ?? 0,
    ]) {
      expect(figure(told)).toBeGreaterThanOrEqual(figure(before));
      expect(figure(told)).toBeLessThanOrEqual(figure(after));
    }
    const { id, cpuLimitCores, memoryLimitBytes, network, block, pids, startedAt } = after;
    expect(told).toMatchObject({ id, cpuLimitCores, memoryLimitBytes, network, block, pids, startedAt });
    expect(told.machine?.cpus).toBe(after.machine?.cpus);
  });

  test('that runs out of memory tells that it was killed', async () => {
    const eat = 'sleep 0.1; dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 600';
    await engine.run('eater', ['sh', '-c', eat], ['--memory', '16m', '--memory-swap', '16m']);
    const sample = await sampled('eater', ({ oomKills }) => (oomKills ?? 0) > 0);
    expect(sample.memoryLimitBytes).toBe(16 * 1024 ** 2);
  });

  test('that is started anew, or made anew, is a gap and then watched on', async () => {
    await engine.run('again', spin);
    const { collector, sink } = await watch('again');
    await nextSample(collector, sink);
    await engine.docker('restart', '--time', '0', 'again');
    await expect(collector.sample?.(sink)).rejects.toThrow('container again was started anew');
    const { id } = await nextSample(collector, sink);

    await engine.docker('rm', '--force', 'again');
    await expect(collector.sample?.(sink)).rejects.toThrow('no container again; running: ');
    await engine.run('again', spin);
    const successor = await nextSample(collector, sink);
    expect(successor.id).not.toBe(id);

    await engine.docker('stop', '--time', '0', 'again');
    await expect(collector.sample?.(sink)).rejects.toThrow('container again does not run');
    await collector.close();
  });

  test('shares its gateway processes with this machine, where they are sampled with their limits', async () => {
    await engine.runNode('web', ['-e', 'setInterval(() => {}, 1000)'], ['--cpus', '0.5']);
    const missing = { role: 'gateway' as const, name: 'gone' };
    const { containers } = stackOf('web');
    const { processes, failures } = await gatewayProcesses({
      ...stackOf('web'),
      containers: [...containers, missing],
    });
    const [found, ...others] = processes;
    expect(others).toEqual([]);
    expect(failures).toMatchObject([
      { container: 'gone', error: { message: expect.stringContaining('no container gone') } },
    ]);
    expect(found).toMatchObject({ role: 'gateway', name: 'web' });
    if (found === undefined) throw new Error('no process');
    const { collector, sink } = await watch('web', { processes: [found], containers: [] }, 'process');
    await collector.sample?.(sink);
    expect(sink.samples.process[0]?.group?.cpuLimitCores).toBe(0.5);
    expect(await gatewayProcesses({ ...stackOf('web'), processes: [found] })).toEqual({
      processes: [],
      failures: [],
    });
  });

  test('that is not there is named with those that are', async () => {
    await expect(watch('nobody')).rejects.toThrow(/no container nobody; running: /);
  });

  test('of an engine that is not there', async () => {
    const nowhere = { containerSocket: '/nowhere/docker.sock' };
    await expect(watch('web', nowhere)).rejects.toThrow(
      '/nowhere/docker.sock: no container engine answers there',
    );
  });

  function stackOf(name: string): StackDescription {
    return {
      name: 'test',
      embedded: false,
      gatewayUrl: 'http://127.0.0.1:9',
      processes: [],
      containers: [{ role: 'gateway', name }],
      containerSocket: engine.socket,
      logs: [],
    };
  }

  async function watch(
    name: string,
    changes: Partial<StackDescription> = {},
    source: Collector['source'] = 'container',
  ): Promise<{ collector: Collector; sink: RecordingSink }> {
    const collector = createCollectors(
      { ...stackOf(name), ...changes },
      { logger: createLogger('silent') },
    ).find((candidate) => candidate.source === source);
    if (collector === undefined) throw new Error(`no collector of ${source}`);
    await collector.open(never);
    return { collector, sink: new RecordingSink() };
  }

  async function sampled(
    name: string,
    wanted: (sample: ContainerSample) => boolean,
  ): Promise<ContainerSample> {
    const { collector, sink } = await watch(name);
    for (;;) {
      const sample = await nextSample(collector, sink);
      if (!wanted(sample)) continue;
      await collector.close();
      return sample;
    }
  }
});

describe('the machine', () => {
  test.skipIf(process.platform !== 'linux')('is watched with its processes', async () => {
    const stack: StackDescription = {
      name: 'test',
      embedded: false,
      gatewayUrl: 'http://127.0.0.1:9',
      processes: [{ role: 'gateway', name: 'gateway', pid: process.pid }],
      containers: [],
      logs: [],
    };
    const host = createCollectors(stack, { logger: createLogger('silent') }).find(
      ({ source }) => source === 'host',
    );
    const sink = new RecordingSink();
    await host?.open(never);
    await expect
      .poll(async () => {
        await host?.sample?.(sink);
        return sink.samples.host.length;
      })
      .toBeGreaterThan(0);
    const [sample] = sink.samples.host;
    expect(sample?.cores).toBeGreaterThan(0);
    expect(sample?.memoryAvailableBytes).toBeLessThan(sample?.memoryTotalBytes ?? 0);
    expect(sample?.cpuPercent).toBeGreaterThanOrEqual(0);
  });
});

/** The next sample; a reading after one that was missed has nothing to be held against. */
async function nextSample(collector: Collector, sink: RecordingSink): Promise<ContainerSample> {
  const before = sink.samples.container.length;
  await expect
    .poll(
      async () => {
        await collector.sample?.(sink);
        return sink.samples.container.length;
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(before);
  const sample = sink.samples.container.at(-1);
  if (sample === undefined) throw new Error('nothing was sampled');
  return sample;
}
