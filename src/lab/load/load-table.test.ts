import { expect, it, test } from 'vitest';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import { LoadStatistics } from './load-statistics.ts';
import { renderLoadTable } from './load-table.ts';

function statistics(): LoadStatistics {
  const latency = new LatencySketch();
  for (const ms of [1, 2, 300]) latency.record(ms * 1000);
  const load = new LoadStatistics();
  load.add(
    {
      windowMs: 1000,
      users: 2,
      byName: {
        'tools/call a-tool-with-quite-a-long-name': {
          requests: 3,
          failures: 1,
          failuresByKind: { isError: 1 },
          latency: latency.toJSON(),
        },
      },
    },
    1000,
  );
  return load;
}

const headOf = (columns: number): string[] =>
  (renderLoadTable(statistics(), { columns, color: false }).split('\n')[0] ?? '').trim().split(/ {2,}/);

test.each([80, 100, 160])('the table fits into %i columns', (columns) => {
  const lines = renderLoadTable(statistics(), { columns, color: false }).split('\n');
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
});

it('leaves out the extremes where there is no room for them, and nothing else', () => {
  expect(headOf(80)).toEqual(['Name', '# reqs', '# fails', 'Avg', 'Med', '95%', '99%', 'req/s']);
  expect(headOf(100)).toEqual([
    'Name',
    '# reqs',
    '# fails',
    'Avg',
    'Min',
    'Max',
    'Med',
    '95%',
    '99%',
    'req/s',
  ]);
});

it('a name that holds escape sequences reaches the terminal without them', () => {
  const load = new LoadStatistics();
  const latency = new LatencySketch();
  latency.record(1_000);
  const window = {
    requests: 1,
    failures: 1,
    failuresByKind: { 'http 500\u001b[2J': 1 },
    latency: latency.toJSON(),
    responseBytes: 0,
  };
  const vitals = { cpuPercent: 1, eventLoopDelayP99Ms: 1, lateStarts: 0, plannedStarts: 1, maxLateMs: 0 };
  const generator = { ...vitals, rssBytes: 1, exhaustedConnects: 0 };
  load.add({ windowMs: 1000, users: 1, byName: { 'a\u001b[31m': window }, generator }, 1_000);
  const table = renderLoadTable(load, { columns: 120, color: false });
  expect(table).not.toContain('\u001b');
  expect(table).toContain('a [31m: http 500 [2J');
});
