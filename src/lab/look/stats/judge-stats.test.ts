import { describe, expect, test } from 'vitest';
import { limitsWith } from '../limits.ts';
import { containerRole } from './container-role.ts';
import { judgeMachine, judgeRow } from './judge-stats.ts';
import type { StatsRow } from './stats-rows.ts';

const limits = limitsWith({});
const row = (changes: Partial<StatsRow> = {}): StatsRow => ({
  kind: 'container',
  name: 'web',
  role: 'gateway',
  verdict: 'ok',
  cpuPercent: 50,
  cpuLimitCores: null,
  throttledPercent: null,
  throttledPeriods: null,
  memoryBytes: 50e6,
  memoryLimitBytes: null,
  oomKills: 0,
  receivedBytesPerS: 0,
  sentBytesPerS: 0,
  readBytesPerS: 0,
  writtenBytesPerS: 0,
  tasks: 10,
  waits: null,
  ...changes,
});
const verdicts = (changes: Partial<StatsRow>): string[] =>
  judgeRow(row(changes), limits).map(({ verdict, text }) => `${verdict}: ${text}`);

describe("the guide's limits of a role", () => {
  test.each<[Partial<StatsRow>, string[]]>([
    [{ cpuPercent: 399 }, []],
    [{ cpuPercent: 400 }, ['fail: web uses 400 % of a core (limit 400 %)']],
    [{ role: 'postgres', cpuPercent: 399 }, ['fail: web uses 399 % of a core (limit 150 %)']],
    [
      { role: 'redis', cpuPercent: 5, memoryBytes: 200e6 },
      ['fail: web holds 191 MiB of memory (limit 95 MiB)'],
    ],
    [{ role: 'nginx', cpuPercent: 900, memoryBytes: 9e9 }, []],
    [{ role: null, cpuPercent: 900 }, []],
  ])('%j: %j', (changes, expected) => {
    expect(verdicts(changes)).toEqual(expected);
  });
});

describe('a CPU limit', () => {
  test('that stops it in more than a tenth of the periods is named, not the code', () => {
    const [remark] = judgeRow(
      row({ cpuLimitCores: 0.2, throttledPercent: 60, throttledPeriods: 12 }),
      limits,
    );
    expect(remark?.text).toContain('stopped in 60 % of the periods by its CPU limit of 0.2 cores');
    expect(remark?.advice).toContain('not the code');
  });

  test('that seldom stops it, or did so once, is nothing', () => {
    expect(verdicts({ cpuLimitCores: 0.2, throttledPercent: 9, throttledPeriods: 9 })).toEqual([]);
    expect(verdicts({ cpuLimitCores: 0.2, throttledPercent: 50, throttledPeriods: 1 })).toEqual([]);
  });
});

test('a container near its own memory limit is warned of, and one that was killed fails', () => {
  const near = { memoryBytes: 95e6, memoryLimitBytes: 100e6 };
  expect(verdicts(near)).toEqual([expect.stringMatching(/^warn: web uses 95 % of the 95 MiB of memory/)]);
  // The group of a process is not its own.
  expect(verdicts({ ...near, kind: 'process' })).toEqual([]);
  expect(verdicts({ oomKills: 2 })).toEqual([expect.stringMatching(/^fail: .* killed 2 of its processes/)]);
});

test('a machine that others use, or whose cores are used up, is said', () => {
  const machine = {
    cores: 4,
    cpuPercent: 300,
    stealPercent: 0,
    memoryTotalBytes: 8e9,
    memoryAvailableBytes: 4e9,
    waits: { cpuPercent: 20, memoryPercent: 0, ioPercent: 0 },
  };
  expect(judgeMachine(machine, limits)).toEqual([]);
  expect(judgeMachine({ ...machine, stealPercent: 60 }, limits)[0]?.text).toContain('took 15 %');
  const waits = { cpuPercent: 80, memoryPercent: 0, ioPercent: 0 };
  expect(judgeMachine({ ...machine, waits }, limits)[0]?.text).toContain('waited for a CPU for 80 %');
});

test.each([
  ['mcp-context-forge-gateway-1', 'mcpgateway/mcpgateway:latest', 'gateway'],
  ['mcp-context-forge-postgres-1', 'postgres:18', 'postgres'],
  ['mcp-context-forge-pgbouncer-1', 'edoburu/pgbouncer', 'pgbouncer'],
  ['cache', 'registry.example/valkey/valkey:8', 'redis'],
  ['web', 'nginx', 'nginx'],
  ['something', 'busybox', undefined],
])('a container %s of %s plays %s', (name, image, role) => {
  expect(containerRole({ name, image })).toBe(role);
});
