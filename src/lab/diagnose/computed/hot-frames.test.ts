import { describe, expect, test } from 'vitest';
import { profileWindow } from '../../../../test/support/synthetic-profile.ts';
import { syntheticRun } from '../../../../test/support/synthetic-run.ts';
import { blockingFunctions } from './blocking-stretches.ts';
import { Analysis } from './facts.ts';
import { frameKind } from '../../profile/frame-kind.ts';
import { hotFrames } from './hot-frames.ts';

const factsOf = (...profiles: ReturnType<typeof profileWindow>[]) =>
  new Analysis(syntheticRun({ profiles })).facts<'profiles', never>();

describe('hot frames', () => {
  test('shares are of the busy time, over all windows of a process', () => {
    const [process] = factsOf(
      profileWindow(
        [
          { stack: ['a /app/a.ts', 'b /app/b.ts'], ms: 60 },
          { stack: [], ms: 900 },
        ],
        6000,
      ),
      profileWindow([{ stack: ['a /app/a.ts'], ms: 20 }], 11_000),
    ).get(hotFrames);
    expect(process?.busyMs).toBe(80);
    expect(process?.files).toEqual(['profiles/gateway-6000.cpuprofile', 'profiles/gateway-11000.cpuprofile']);
    expect(process?.frames.slice(0, 2)).toEqual([
      { label: 'b (app/b.ts:7)', kind: 'own', selfShare: 0.75, totalShare: 0.75 },
      { label: 'a (app/a.ts:7)', kind: 'own', selfShare: 0.25, totalShare: 1 },
    ]);
  });

  test('recursion counts once', () => {
    const [process] = factsOf(
      profileWindow([{ stack: ['walk /app/w.ts', 'walk /app/w.ts', 'walk /app/w.ts'], ms: 30 }]),
    ).get(hotFrames);
    expect(process?.frames).toMatchObject([{ selfShare: 1, totalShare: 1 }]);
  });
});

test('tells own code from dependencies, the runtime, collection and waiting', () => {
  const kinds = [
    { name: 'relay', file: '/app/src/relay.ts' },
    { name: 'parse', file: '/app/node_modules/zod/index.js' },
    { name: 'call', file: '/app/node_modules/gaugeway/dist/server/gateway/pipeline.js' },
    { name: 'parse', file: '/app/node_modules/gaugeway/node_modules/zod/index.js' },
    { name: 'emit', file: 'node:events' },
    { name: 'write', file: '' },
    { name: '(garbage collector)', file: '' },
    { name: '(idle)', file: '' },
    { name: '(program)', file: '' },
  ].map(frameKind);
  expect(kinds).toEqual([
    'own',
    'dependency',
    'own',
    'dependency',
    'runtime',
    'runtime',
    'gc',
    'waiting',
    'waiting',
  ]);
});

describe('blocking functions', () => {
  const stretch = { stack: ['handle /app/a.ts', 'sum /app/a.ts'], ms: 80 };
  const pause = { stack: [], ms: 20 };

  test('are those that ran for 50 ms without a pause', () => {
    const facts = factsOf(profileWindow([stretch, pause, stretch, pause, { ...stretch, ms: 40 }]));
    expect(facts.get(blockingFunctions)).toMatchObject([
      { label: 'sum (app/a.ts:7)', calledBy: null, stretches: 2, longestMs: 80, totalMs: 160 },
    ]);
  });

  test('are found across a collection in the middle', () => {
    const collection = { stack: ['(garbage collector)'], ms: 5 };
    const facts = factsOf(profileWindow([{ ...stretch, ms: 30 }, collection, { ...stretch, ms: 30 }]));
    expect(facts.get(blockingFunctions)).toMatchObject([{ label: 'sum (app/a.ts:7)', longestMs: 65 }]);
  });

  test('do not owe their length to time in which the process did not run', () => {
    const window = profileWindow([{ ...stretch, ms: 30 }, pause]);
    window.profile.samples[10] = { node: 2, weight: 60_000 };
    expect(factsOf(window).get(blockingFunctions)).toEqual([]);
  });
});
