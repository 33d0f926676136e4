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
