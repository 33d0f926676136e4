import { expect, test } from 'vitest';
import { profileWindow, type SampledStack } from '../../../test/support/synthetic-profile.ts';
import type { RawVitals } from '../profilers/node/vitals.ts';
import type { TakenWindow } from './profiled-processes.ts';
import { renderTop } from './render-top.ts';
import { TopTally } from './top-document.ts';
import { firstView } from './top-view.ts';

const layout = { columns: 80, color: false };
const asked = { top: 10, rateHz: 100, notes: [] };
const relay = 'relay /srv/app/gateway/pipeline.ts';
const parse = 'parse /srv/app/node_modules/parser/lib/parse.js';

test('a refresh shows shares of the last window and sums of all, at 80 columns', () => {
  const tally = new TopTally();
  tally.add([windowOf(7, [busy([relay], 400), busy([relay, parse], 100), busy([], 500)])]);
  tally.add([windowOf(7, [busy([relay], 100), busy([relay, parse], 100), busy([], 800)])]);
  expect(renderTop(tally.document(firstView, asked), layout)).toEqual([
    'process           CPU %  loop %  delay p99  GC %    heap',
    '7 node server.js     20      60     2.5 ms   1.0  50 MiB',
    '',
    'pid 7, 100 Hz, 1 s',
    '  %Own  %Total  OwnTime TotalTime  Function (file:line)',
    ' 10.0%   20.0%    0.50s     0.70s  relay (/srv/app/gateway/pipeline.ts:7)',
    ' 10.0%   10.0%    0.20s     0.20s  parse (node_modules/parser/lib/parse.js:7)',
  ]);
});

test('a function that rested keeps its sums, and a reset forgets them', () => {
  const tally = new TopTally();
  tally.add([windowOf(7, [busy([relay], 500)])]);
  tally.add([windowOf(7, [busy([parse], 1000)])]);
  const bySum = { ...firstView, order: 'own-time' as const };
  expect(functionsOf(tally, bySum)).toEqual([
    ['parse', 100, 1000],
    ['relay', 0, 500],
  ]);
  tally.reset();
  expect(functionsOf(tally, bySum)).toEqual([]);
});

test('processes are added up, or shown one by one and by thread', () => {
  const tally = new TopTally();
  tally.add([
    windowOf(7, [busy([relay], 1000)]),
    {
      ...windowOf(8, [busy([relay], 1000)]),
      threads: [threadOf('main', []), threadOf('worker 1', [busy([relay], 1000)])],
    },
  ]);
  expect(tally.document(firstView, asked)).toMatchObject({ shown: '2 processes added up' });
  expect(functionsOf(tally, firstView)).toEqual([['relay', 200, 2000]]);
  expect(functionsOf(tally, { ...firstView, only: 0 })).toEqual([['relay', 100, 1000]]);
  const threads = { ...firstView, threads: true };
  expect(tally.places(threads)).toBe(3);
  expect(tally.document({ ...threads, only: 2 }, asked)).toMatchObject({ shown: 'pid 8, worker 1' });
  expect(functionsOf(tally, { ...threads, only: 1 })).toEqual([]);
});

test('a process that ended is no longer shown, and the others are', () => {
  const tally = new TopTally();
  tally.add([windowOf(7, [busy([relay], 1000)]), windowOf(8, [busy([parse], 1000)])]);
  tally.add([windowOf(8, [busy([parse], 1000)])]);
  const document = tally.document(firstView, { ...asked, notes: ['process 7 has ended'] });
  expect(document.processes.map(({ pid }) => pid)).toEqual([8]);
  expect(renderTop(document, layout).at(-1)).toBe('process 7 has ended');
});

test('a process whose functions wait is told as one that does', () => {
  const tally = new TopTally();
  tally.add([windowOf(7, [busy([relay], 790), busy([], 210)])]);
  expect(renderTop(tally.document(firstView, asked), layout).slice(-2)).toEqual([
    'pid 7 was in functions for 79 % of the time and used 20 % of a core: the rest is',
    '  waiting, in calls of the system (files, locks, child processes) or for a core.',
  ]);
});

test('what stands still does not change with what comes', () => {
  const tally = new TopTally();
  tally.add([windowOf(7, [busy([relay], 1000)])]);
  const still = tally.copy();
  tally.add([windowOf(7, [busy([relay], 1000)])]);
  expect(functionsOf(still, firstView)).toEqual([['relay', 100, 1000]]);
  expect(functionsOf(tally, firstView)).toEqual([['relay', 100, 2000]]);
  const lines = renderTop(still.document(firstView, asked), layout, { ...firstView, frozen: true });
  expect(lines).toContain('pid 7, 100 Hz, 1 s  FROZEN (f goes on)');
});

test('no line is longer than the terminal, whatever the names', () => {
  const tally = new TopTally();
  const long = `${'veryLongFunctionName'.repeat(5)} /srv/${'folder/'.repeat(20)}file-with-a-long-name.ts`;
  tally.add([windowOf(7, [busy([long], 1000)], `node ${'--flag '.repeat(30)}`)]);
  const lines = renderTop(tally.document(firstView, asked), layout, { ...firstView, help: true });
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.some((line) => line.endsWith('(file-with-a-long-name.ts:7)'))).toBe(true);
});

function functionsOf(tally: TopTally, view: typeof firstView): [string, number, number][] {
  return tally.document(view, asked).functions.map((each) => [each.function, each.ownPercent, each.ownMs]);
}

const vitals: RawVitals = {
  delayP50Ns: 10.5e6,
  delayP99Ns: 12.5e6,
  delayMaxNs: 14e6,
  utilization: 0.6,
  gcCount: 3,
  gcMs: 10,
  heapUsedBytes: 50 * 1024 * 1024,
  externalBytes: 1024,
  arrayBuffersBytes: 0,
  activeResources: 4,
};

function busy(stack: string[], ms: number): SampledStack {
  return { stack, ms };
}

function threadOf(thread: string, stacks: SampledStack[]): TakenWindow['threads'][number] {
  return { thread, profile: profileWindow(stacks, 0).profile };
}

/** A window of a second of its only thread. */
function windowOf(pid: number, stacks: SampledStack[], command = 'node server.js'): TakenWindow {
  return {
    process: {
      pid,
      name: 'gateway',
      role: 'gateway',
      command,
      runtime: 'node',
      profiler: 'v8',
      attachMs: 30,
    },
    startMs: 0,
    endMs: 1000,
    cpuMs: 200,
    threads: [threadOf('main', stacks)],
    vitals,
  };
}
