import { describe, expect, test } from 'vitest';
import { limitsWith } from '../look/limits.ts';
import { type PlanReading, type PlanRemark, readPlan } from './read-plan.ts';
import { planLines } from './render-plan.ts';

const none = {
  planningMs: 0.1,
  executionMs: 40,
  jitMs: null,
  buffers: null,
  settings: {},
  triggers: [],
};
const node = (type: string, more: object = {}, ...plans: object[]): object => ({
  'Node Type': type,
  'Plan Rows': 1,
  'Actual Rows': 1,
  'Actual Loops': 1,
  'Actual Total Time': 1,
  ...more,
  ...(plans.length === 0 ? {} : { Plans: plans }),
});
const scan = (kept: number, removed: number | null, more: object = {}): object =>
  node('Seq Scan', {
    Schema: 'public',
    'Relation Name': 'call',
    Alias: 'call',
    'Plan Rows': kept,
    'Actual Rows': kept,
    ...(removed === null ? {} : { Filter: '(a = 1)', 'Rows Removed by Filter': removed }),
    ...more,
  });
const read = (plan: object, summary: object = {}, liveRows?: number): PlanReading =>
  readPlan(
    {
      plan: { ...plan },
      summary: { ...none, ...summary },
      sequentialScans:
        liveRows === undefined ? [] : [{ schema: 'public', table: 'call', liveRows, keptShare: null }],
    },
    limitsWith({}),
  );
const remarks = (plan: object, summary: object = {}): PlanRemark[] => read(plan, summary).remarks;
const seen = (plan: object, summary: object = {}): [string, string][] =>
  remarks(plan, summary).map(({ check, verdict }) => [check, verdict]);

describe('a sequential scan', () => {
  test('is fine on a small table, whatever it drops', () => {
    expect(remarks(scan(1, 999))).toEqual([]);
  });

  test('whose filter keeps every row needs no index, which only FORMAT JSON shows', () => {
    const [remark] = remarks(scan(200_000, 0));
    expect(remark).toMatchObject({ verdict: 'warn', label: 'filter keeps everything' });
    expect(remark?.text).toBe(
      'the filter (Rows Removed by Filter: 0) keeps all 200,000 rows: it does not select, and an index would not help',
    );
  });

  test('that drops nearly all of a large table lacks an index', () => {
    const [remark] = remarks(scan(100, 99_900));
    expect(remark).toMatchObject({ verdict: 'fail', label: 'reads 100,000 rows to keep 0.1 %' });
    expect(remark?.advice).toMatch(/Add an index/);
  });

  test('that keeps half is a warning, as is one without a filter', () => {
    expect(seen(scan(5000, 5000))).toEqual([['sequential-scan', 'warn']]);
    expect(remarks(scan(5000, null))[0]?.text).toBe('reads all 5,000 rows: there is no filter');
  });

  test('that was only planned is judged by the rows of its table', () => {
    const planned = { ...scan(100, 0), 'Actual Rows': undefined, 'Actual Loops': undefined };
    const { remarks: found } = read(planned, {}, 50_000);
    expect(found.map(({ label }) => label)).toEqual(['reads 50,000 rows to keep 0.2 %']);
  });
});

const off = (expected: number, actual: number): string[] =>
  remarks(node('Index Scan', { 'Plan Rows': expected, 'Actual Rows': actual })).map(
    ({ verdict, label }) => `${verdict} ${label}`,
  );

describe('an estimate', () => {
  test('is told by how far it is off, in either direction', () => {
    expect(off(1, 5)).toEqual([]);
    expect(off(10, 200)).toEqual(['ok 20× more rows than expected']);
    expect(off(40_000, 200)).toEqual(['warn 200× fewer rows than expected']);
    expect(off(1, 5000)).toEqual(['fail 5,000× more rows than expected']);
  });

  test('of few rows does not matter', () => {
    expect(off(1, 90)).toEqual([]);
  });

  test('is not wrong where a LIMIT had enough', () => {
    const below = node('Index Scan', { 'Plan Rows': 100_000, 'Actual Rows': 10 });
    expect(remarks(node('Limit', {}, below))).toEqual([]);
    expect(seen(node('Limit', {}, node('Sort', { 'Plan Rows': 10, 'Actual Rows': 10 }, below)))).toEqual([
      ['estimate', 'fail'],
    ]);
  });
});

test.each([
  ['spill', node('Sort', { 'Sort Space Type': 'Disk', 'Sort Space Used': 9000 })],
  ['spill', node('Hash', { 'Hash Batches': 4 })],
  ['heap-fetches', node('Index Only Scan', { 'Plan Rows': 5000, 'Actual Rows': 5000, 'Heap Fetches': 4000 })],
  ['lossy-bitmap', node('Bitmap Heap Scan', { 'Lossy Heap Blocks': 10 })],
  ['workers', node('Gather', { 'Workers Planned': 2, 'Workers Launched': 0 })],
  [
    'loops',
    node(
      'Result',
      {},
      node('Aggregate', { 'Parent Relationship': 'SubPlan', 'Actual Loops': 5000, 'Plan Rows': 1 }),
    ),
  ],
  [
    'removed-rows',
    node('Nested Loop', { 'Plan Rows': 10, 'Actual Rows': 10, 'Rows Removed by Join Filter': 90_000 }),
  ],
])('%s is seen', (check, plan) => {
  expect(seen(plan)).toEqual([[check, 'warn']]);
});

test.each([
  ['read-share', { buffers: { hit: 500, read: 1500, dirtied: 0, tempRead: 0, tempWritten: 0 } }],
  ['jit', { jitMs: 10 }],
  ['planning', { planningMs: 90 }],
])('%s is seen in the whole', (check, summary) => {
  expect(seen(node('Result'), summary)).toEqual([[check, 'warn']]);
});

describe('the tree on a terminal', () => {
  const deep = node(
    'Aggregate',
    { 'Actual Total Time': 50 },
    node(
      'Gather',
      { 'Workers Planned': 2, 'Workers Launched': 2, 'Actual Total Time': 45 },
      scan(70_000, 0, {
        'Parallel Aware': true,
        'Actual Loops': 3,
        'Actual Total Time': 40,
      }),
    ),
  );
  const reading = read(deep);

  test.each([120, 80, 40])('fits %i columns and names each node with what was seen in it', (columns) => {
    const lines = planLines(reading, { columns, color: false });
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
    const text = lines.join(' ').replaceAll(/[\s│]+/g, ' ');
    expect(text).toContain('Parallel Seq Scan on call ×3');
    expect(text).toContain('! filter keeps everything');
  });

  test('gives time, share, expected and actual rows', () => {
    const line = planLines(reading, { columns: 80, color: false }).find((each) => each.includes('Seq Scan'));
    expect(line).toMatch(/^\s*40\.0\s+80\s+168K\s+210K\s+└ Parallel Seq Scan|^\s*40\.0\s+80/);
  });
});

test('an index that was looked for is what a scan is advised', () => {
  const advice = {
    node: 0,
    schema: 'public',
    table: 'call',
    columns: ['a'],
    ddl: 'CREATE INDEX ON call (a)',
  };
  const [remark] = readPlan(
    {
      plan: { ...scan(1, 99_999) },
      sequentialScans: [],
      indexAdvice: [
        { ...advice, verdict: 'helps', why: null, cost: { before: 4167, after: 950 }, sizeBytes: 6_266_880 },
      ],
    },
    limitsWith({}),
  ).remarks;
  expect(remark?.advice).toBe(
    'CREATE INDEX ON call (a); checked with hypopg: cost 4,167 → 950, about 5.98 MB',
  );
});
