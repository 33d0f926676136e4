import { describe, expect, test } from 'vitest';
import { loadWindow, syntheticRun, tableCounters } from '../../../test/support/synthetic-run.ts';
import type { SeriesEvent } from '../timeline/events.ts';
import { GuideSamples } from './guide-samples.ts';

const process = { rssBytes: 1, threads: 1, openFiles: 1 };

describe("the guide's session, told while a run goes on", () => {
  test('prints what the time since the last sample was like, the last one when the phase ends', () => {
    const { printed, see } = watch(2, 2000);
    see(phase(0, 'start'));
    see(load(1000, 10, 40));
    see(load(2000, 10, 40));
    see(gateway(2000, 'gateway-2 (pid 2)', 60));
    see(gateway(2000, 'gateway-1 (pid 1)', 20));
    see(connections(2400));
    expect(printed).toEqual([]);
    see(connections(2600));
    expect(printed).toEqual([
      [
        '=== SAMPLE 1 ===',
        expect.stringMatching(/^RPS: 10, slowest: GET \/admin\/ avg: (39|40)ms$/),
        'connections: idle 3, idle in transaction 1',
        'CPU: gateway-1 20 %, gateway-2 60 %',
      ],
    ]);
    see(load(4000, 30, 40));
    see(phase(4000, 'end'));
    expect(printed[1]?.slice(0, 2)).toEqual(['=== SAMPLE 2 ===', expect.stringMatching(/^RPS: 30, /)]);
    see(connections(9000));
    expect(printed).toHaveLength(2);
  });

  test('prints no sample that was not reached, and says what is not known', () => {
    const { printed, see } = watch(2, 2000);
    see(phase(0, 'start'));
    see(load(2600, 1, 1));
    see(phase(3000, 'end'));
    expect(printed).toEqual([['=== SAMPLE 1 ===', 'RPS: 0', 'connections: not known', 'CPU: not known']]);
  });

  test('ends with the tables of which the most rows were read sequentially over the run', () => {
    const { printed, see, samples } = watch(1, 1000);
    for (const second of [1, 2, 3]) {
      see(
        tables(second * 1000, [
          { ...tableCounters('servers'), seqScan: second, seqTupRead: second * 10 },
          { ...tableCounters('tools'), seqScan: second * 2, seqTupRead: second * 1000 },
          { ...tableCounters('quiet'), seqScan: 7, seqTupRead: 7 },
        ]),
      );
    }
    samples.end(80);
    expect(printed.at(-1)?.map((line) => line.trim().split(/  +/))).toEqual([
      ['Table, over the run', 'seq scans', 'rows read by them', 'index scans'],
      ['tools', '4', '2,000', '0'],
      ['servers', '2', '20', '0'],
    ]);
  });
});

function watch(count: number, everyMs: number) {
  const printed: string[][] = [];
  const samples = new GuideSamples({ count, everyMs }, (lines) => printed.push(lines));
  return { printed, samples, see: samples.see };
}

function phase(atMs: number, edge: 'start' | 'end'): SeriesEvent {
  return { kind: 'phase', atMs, phase: 'steady', edge };
}

function load(atMs: number, requests: number, meanMs: number): SeriesEvent {
  const byName = { 'GET /admin/': loadWindow(requests, meanMs) };
  return {
    kind: 'sample',
    source: 'load',
    target: 'load',
    costMs: 0,
    atMs,
    data: { windowMs: 1000, users: 1, byName },
  };
}

function gateway(atMs: number, target: string, cpuPercent: number): SeriesEvent {
  const data = { ...process, pid: 1, role: 'gateway' as const, cpuPercent };
  return { kind: 'sample', source: 'process', target, costMs: 0, atMs, data };
}

function postgresSample() {
  const { postgres } = syntheticRun();
  const [samples] = postgres.status === 'ok' ? postgres.value.values() : [];
  const data = samples?.[0]?.data;
  if (data === undefined) throw new Error('the run has no PostgreSQL');
  return data;
}

function connections(atMs: number): SeriesEvent {
  const ages = { maxStateAgeS: 0, maxTransactionAgeS: 0 };
  const states = [
    { ...ages, state: 'active' as const, count: 0 },
    { ...ages, state: 'idle' as const, count: 3 },
    { ...ages, state: 'idle in transaction' as const, count: 1 },
  ];
  const data = { ...postgresSample(), connections: states };
  return { kind: 'sample', source: 'postgres', target: 'postgres', costMs: 0, atMs, data };
}

function tables(atMs: number, counters: ReturnType<typeof tableCounters>[]): SeriesEvent {
  const data = { ...postgresSample(), tables: counters };
  return { kind: 'sample', source: 'postgres', target: 'postgres', costMs: 0, atMs, data };
}
