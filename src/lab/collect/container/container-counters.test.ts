import { describe, expect, test } from 'vitest';
import {
  type ContainerCounters,
  containerSample,
  countersOfEngine,
  countersOfGroup,
} from './container-counters.ts';
import { inspectAnswer, statsAnswer } from './engine-answers.ts';
import { parseNetDev } from './read-network.ts';

const inspected = inspectAnswer.parse({
  Id: 'abc',
  State: { Running: true, Pid: 4711, StartedAt: '2026-01-01T00:00:00Z' },
  HostConfig: { NanoCpus: 500_000_000, Memory: 0 },
});

const dockerStats = (cpuNs: number, machineNs: number): unknown => ({
  read: '2026-01-01T00:00:10.5Z',
  cpu_stats: {
    cpu_usage: { total_usage: cpuNs, percpu_usage: [1, 2] },
    system_cpu_usage: machineNs,
    online_cpus: 4,
    throttling_data: { periods: 20, throttled_periods: 5, throttled_time: 2_000_000 },
  },
  memory_stats: { usage: 1000, limit: 9000, stats: { inactive_file: 5, total_inactive_file: 300 } },
  networks: { eth0: { rx_bytes: 10, tx_bytes: 1 }, eth1: { rx_bytes: 5, tx_bytes: 2 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { op: 'Read', value: 7 },
      { op: 'Write', value: 8 },
      { op: 'read', value: 1 },
      { op: 'Total', value: 99 },
    ],
  },
  pids_stats: { current: 3 },
});

function docker(cpuNs = 1e9, machineNs = 100e9): ContainerCounters {
  return countersOfEngine('docker', inspected, statsAnswer.parse(dockerStats(cpuNs, machineNs)));
}

describe('the counters of a container', () => {
  test('are read from what the engine answers', () => {
    expect(docker()).toEqual({
      id: 'abc',
      startedAt: '2026-01-01T00:00:00Z',
      atMs: Date.parse('2026-01-01T00:00:10.500Z'),
      cpuMs: 1000,
      machine: { cpuMs: 100_000, cpus: 4 },
      cpuLimitCores: 0.5,
      throttling: { periods: 20, throttledPeriods: 5, throttledMs: 2 },
      memoryBytes: 700,
      memoryLimitBytes: null,
      oomKills: null,
      pressure: null,
      network: { receivedBytes: 15, sentBytes: 3 },
      block: { readBytes: 8, writtenBytes: 8 },
      pids: 3,
    });
  });

  test('give the percent of a core that docker stats shows', () => {
    // 0.6 of 8 s of all four CPUs: docker/cli prints 30.00%.
    expect(containerSample('gateway', docker(1e9, 100e9), docker(1.6e9, 108e9))?.cpuPercent).toBeCloseTo(30);
  });

  test('give nothing across a restart, or when no time has passed', () => {
    const again = { ...docker(2e9, 108e9), startedAt: '2026-01-01T00:00:09Z' };
    expect(containerSample('gateway', docker(), again)).toBeUndefined();
    expect(containerSample('gateway', docker(), { ...docker(2e9, 108e9), id: 'other' })).toBeUndefined();
    expect(containerSample('gateway', docker(2e9, 100e9), docker(1e9, 108e9))).toBeUndefined();
    expect(containerSample('gateway', docker(), docker())).toBeUndefined();
  });
});

describe("podman's counters", () => {
  test('are held against the clock', () => {
    const before = podmanStats(1e9, '2026-01-01T00:00:10Z');
    const after = podmanStats(2e9, '2026-01-01T00:00:14Z');
    expect(containerSample('gateway', before, after)).toMatchObject({
      cpuPercent: 25,
      throttling: null,
      network: null,
    });
  });
});

describe("the control group's counters", () => {
  const group = {
    cpuMs: 1234,
    cpuLimitCores: 0.2,
    throttling: { periods: 9, throttledPeriods: 8, throttledMs: 7 },
    memoryBytes: 4000,
    memoryLimitBytes: 8000,
    oomKills: 0,
    pids: 5,
    block: { readBytes: 1, writtenBytes: 2 },
    pressure: null,
  };
  const local = {
    atMs: 1000,
    group,
    host: { cores: 2, busyTicks: 100, stolenTicks: 10, totalTicks: 500 },
    network: null,
  };

  test('are held against the time of the machine, as the engine holds its own', () => {
    expect(countersOfGroup(inspected, local)).toMatchObject({ ...group, machine: { cpuMs: 4900, cpus: 2 } });
  });

  test('are none when the group is gone', () => {
    expect(countersOfGroup(inspected, { ...local, group: { ...group, cpuMs: null } })).toBeUndefined();
  });
});

test('the network of a container is all its interfaces but loopback', () => {
  const head = 'Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n';
  const lo = '    lo:  99 1 0 0 0 0 0 0  99 1 0 0 0 0 0 0\n';
  expect(parseNetDev(`${head}${lo}`)).toBeNull();
  const devices = '  eth0: 1296 16 0 0 0 0 0 0 126 3 0 0 0 0 0 0\n eth1:4 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n';
  expect(parseNetDev(`${head}${lo}${devices}`)).toEqual({ receivedBytes: 1300, sentBytes: 131 });
});

/** The answers of podman 4.3: the machine's CPU time is the container's own, memory has no `stats`, throttling is always 0. */
function podmanStats(cpuNs: number, read: string): ContainerCounters {
  return countersOfEngine(
    'podman',
    inspected,
    statsAnswer.parse({
      read,
      cpu_stats: {
        cpu_usage: { total_usage: cpuNs, percpu_usage: null },
        system_cpu_usage: 17_263_000,
        online_cpus: 2,
        cpu: 0.4,
        throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
      },
      memory_stats: { usage: 5000, limit: 9000 },
      networks: null,
      blkio_stats: { io_service_bytes_recursive: null },
      pids_stats: { current: 1 },
    }),
  );
}
