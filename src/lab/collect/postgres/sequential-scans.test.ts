import { expect, test } from 'vitest';
import { keptShare, sequentialScans } from './sequential-scans.ts';

const scan = (more: object): object => ({
  'Node Type': 'Seq Scan',
  Schema: 'public',
  'Relation Name': 'call',
  'Plan Rows': 100,
  ...more,
});
const share = (plan: object, liveRows = 1000): (number | null)[] =>
  sequentialScans(plan).map((found) => keptShare(found, liveRows));

test('rows are averages per loop, so that the share is of all loops', () => {
  const plan = scan({ Filter: 'x', 'Actual Rows': 0.5, 'Actual Loops': 4, 'Rows Removed by Filter': 9.5 });
  expect(share(plan)).toEqual([0.05]);
  expect(sequentialScans(plan)[0]?.rows).toEqual({ kept: 2, removed: 38 });
});

test('a filter that removes nothing keeps all, as does no filter', () => {
  expect(
    share(scan({ Filter: 'x', 'Actual Rows': 10, 'Actual Loops': 1, 'Rows Removed by Filter': 0 })),
  ).toEqual([1]);
  expect(share(scan({ 'Actual Rows': 10, 'Actual Loops': 1 }))).toEqual([1]);
});

test('a plan that was not run gives the estimate', () => {
  expect(share(scan({ Filter: 'x' }))).toEqual([0.1]);
  expect(share(scan({ Filter: 'x' }), 0)).toEqual([null]);
});

test('estimates of a parallel scan are per worker, the leader helping', () => {
  const gather = {
    'Node Type': 'Gather',
    'Plan Rows': 240,
    'Workers Planned': 2,
    Plans: [scan({ Filter: 'x', 'Parallel Aware': true })],
  };
  expect(share(gather)).toEqual([0.24]);
});

test('a scan that never ran, or saw no row, says nothing', () => {
  expect(share(scan({ Filter: 'x', 'Actual Rows': 0, 'Actual Loops': 1 }))).toEqual([null]);
  expect(sequentialScans(scan({ Filter: 'x', 'Actual Rows': 0, 'Actual Loops': 0 }))[0]?.rows).toBeNull();
});

test('scans are found wherever they are in the tree', () => {
  const join = {
    'Node Type': 'Hash Join',
    'Plan Rows': 1,
    Plans: [scan({}), { 'Node Type': 'Hash', 'Plan Rows': 1, Plans: [scan({ 'Relation Name': 'tool' })] }],
  };
  expect(sequentialScans(join).map(({ table }) => table)).toEqual(['call', 'tool']);
});
