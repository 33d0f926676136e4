import { describe, expect, test } from 'vitest';
import { nodesOf, planTree } from './plan-tree.ts';

const node = (type: string, more: object = {}, ...plans: object[]): object => ({
  'Node Type': type,
  'Plan Rows': 1,
  ...more,
  ...(plans.length === 0 ? {} : { Plans: plans }),
});
const ran = (timeMs: number, more: object = {}): object => ({
  'Actual Total Time': timeMs,
  'Actual Rows': 1,
  'Actual Loops': 1,
  ...more,
});
const selfMs = (plan: object): [string, number][] =>
  nodesOf(planTree(plan)).map(({ node: { title, actual } }) => [title, actual?.selfMs ?? -1]);
const blocks = (hit: number, tempWritten = 0): object => ({
  'Shared Hit Blocks': hit,
  'Temp Written Blocks': tempWritten,
});

describe('the time of a node by itself', () => {
  test('is its time in all loops less that of the nodes below', () => {
    const plan = node(
      'Nested Loop',
      ran(100),
      node('Seq Scan', ran(10, { 'Parent Relationship': 'Outer' })),
      node('Index Scan', ran(0.5, { 'Actual Loops': 100, 'Parent Relationship': 'Inner' })),
    );
    expect(selfMs(plan)).toEqual([
      ['Nested Loop', 40],
      ['Seq Scan', 10],
      ['Index Scan', 50],
    ]);
  });

  test('counts processes that run side by side once', () => {
    const plan = node(
      'Gather',
      { ...ran(50), 'Workers Planned': 2, 'Workers Launched': 2 },
      node('Seq Scan', { ...ran(45, { 'Actual Loops': 3 }), 'Parallel Aware': true }),
    );
    expect(selfMs(plan)).toEqual([
      ['Gather', 5],
      ['Parallel Seq Scan', 45],
    ]);
  });

  test('of a CTE is taken off the node that reads it, not off the one it is listed under', () => {
    const plan = node(
      'Sort',
      ran(100),
      node('Seq Scan', { ...ran(60), 'Parent Relationship': 'InitPlan', 'Subplan Name': 'CTE c' }),
      node('CTE Scan', { ...ran(90), 'Parent Relationship': 'Outer', 'CTE Name': 'c' }),
    );
    expect(selfMs(plan).map(([, ms]) => ms)).toEqual([10, 60, 30]);
  });

  test.each([
    ['17 and later', 'InitPlan 1', '(a = (InitPlan 1).col1)'],
    ['16 and earlier', 'InitPlan 1 (returns $0)', '(a = $0)'],
  ])('of an InitPlan is taken off the node that asks for it (PostgreSQL %s)', (_, name, filter) => {
    const plan = node(
      'Limit',
      ran(50),
      node('Aggregate', { ...ran(30), 'Parent Relationship': 'InitPlan', 'Subplan Name': name }),
      node('Seq Scan', { ...ran(45), 'Parent Relationship': 'Outer', Filter: filter }),
    );
    expect(selfMs(plan).map(([, ms]) => ms)).toEqual([5, 30, 15]);
  });

  test('is never below zero, whatever clocks say', () => {
    const plan = node('Limit', ran(1), node('Seq Scan', ran(1.2)));
    expect(selfMs(plan)).toEqual([
      ['Limit', 0],
      ['Seq Scan', 1.2],
    ]);
  });
});

test('blocks are those of the node alone', () => {
  const plan = node('Sort', { ...ran(2), ...blocks(12, 5) }, node('Seq Scan', { ...ran(1), ...blocks(10) }));
  expect(nodesOf(planTree(plan)).map((each) => each.node.buffers?.hit)).toEqual([2, 10]);
  expect(planTree(plan).buffers?.tempWritten).toBe(5);
});

test('rows are of all loops, fractions too', () => {
  const scan = planTree(
    node('Seq Scan', { ...ran(1, { 'Actual Rows': 0.5, 'Actual Loops': 4 }), 'Rows Removed by Filter': 9.5 }),
  );
  expect(scan.actual?.rows).toBe(2);
  expect(scan.removed.filter).toBe(38);
  expect(scan.expectedRows).toBe(4);
});

test('estimates of a parallel scan are per process, the leader helping', () => {
  const gather = (scan: object): object => node('Gather', { 'Workers Planned': 2 }, scan);
  const planned = planTree(gather(node('Seq Scan', { 'Plan Rows': 100, 'Parallel Aware': true })));
  expect(planned.children[0]?.expectedRows).toBe(240);
});

test.each([
  [
    'Sort',
    { 'Sort Space Type': 'Disk', 'Sort Space Used': 2048 },
    { by: 'sort', bytes: 2_097_152, batches: 1 },
  ],
  [
    'Sort',
    { Workers: [{ 'Sort Space Type': 'Disk', 'Sort Space Used': 1 }, { 'Sort Space Type': 'Memory' }] },
    { by: 'sort', bytes: 1024, batches: 1 },
  ],
  ['Hash', { 'Hash Batches': 8, ...blocks(0, 2) }, { by: 'hash', bytes: 16_384, batches: 8 }],
  ['Aggregate', { 'Disk Usage': 4, 'HashAgg Batches': 5 }, { by: 'aggregate', bytes: 4096, batches: 5 }],
  ['Materialize', blocks(0, 3), { by: 'store', bytes: 24_576, batches: 1 }],
  ['Sort', { 'Sort Space Type': 'Memory', 'Sort Space Used': 25 }, null],
])('%s tells what it wrote to disk', (type, more, spill) => {
  expect(planTree(node(type, { ...ran(1), ...more })).spill).toEqual(spill);
});

const title = (type: string, more: object): string => planTree(node(type, more)).title;

test('titles are those of EXPLAIN', () => {
  expect(title('Aggregate', { Strategy: 'Hashed', 'Partial Mode': 'Partial' })).toBe('Partial HashAggregate');
  expect(title('ModifyTable', { Operation: 'Delete' })).toBe('Delete');
  expect(title('Hash Join', { 'Join Type': 'Left', 'Parallel Aware': true })).toBe('Parallel Hash Left Join');
});

const name = (more: object): string => planTree(node('Index Scan', more)).name;

test('a node is named with its table, index and alias', () => {
  expect(name({ 'Relation Name': 'call', Alias: 'c', 'Index Name': 'call_pkey' })).toBe(
    'Index Scan using call_pkey on call c',
  );
  expect(name({ 'CTE Name': 'recent', Alias: 'r' })).toBe('Index Scan on recent');
});
