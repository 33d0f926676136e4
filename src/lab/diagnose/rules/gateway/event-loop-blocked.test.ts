import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { profileWindow } from '../../../../../test/support/synthetic-profile.ts';
import { syntheticRun, type SyntheticRunOptions } from '../../../../../test/support/synthetic-run.ts';
import type { NodeSample } from '../../../timeline/samples.ts';
import { eventLoopBlocked } from './event-loop-blocked.ts';

const delayed = (sample: NodeSample): NodeSample => ({
  ...sample,
  eventLoopDelayP99Ms: Math.max(150, sample.eventLoopDelayP99Ms),
  eventLoopDelayMaxMs: Math.max(160, sample.eventLoopDelayMaxMs),
  eventLoopUtilization: 0.45,
});

/** A function of the project that runs for 150 ms without a pause, again and again. */
const blockedProfile = [
  profileWindow(
    [1, 2, 3, 4].flatMap(() => [
      { stack: ['handle /app/src/server.ts', 'hashSync /app/src/hash.ts', 'pbkdf2'], ms: 130 },
      { stack: ['handle /app/src/server.ts', 'hashSync /app/src/hash.ts'], ms: 20 },
      { stack: [], ms: 250 },
    ]),
  ),
];

/** As busy, but by many short tasks that have only the runtime in common. */
const busyProfile = [
  profileWindow(
    [1, 2, 3, 4].flatMap(() => [
      ...['a', 'b', 'c', 'd', 'e'].map((name) => ({
        stack: ['processTicks node:internal/process', `${name} /app/src/${name}.ts`],
        ms: 30,
      })),
      { stack: [], ms: 250 },
    ]),
  ),
];

const blocked: SyntheticRunOptions = { change: { node: delayed }, profiles: blockedProfile };

describe('event-loop-blocked', () => {
  test.for(noiseLevels)('names a function that blocks the loop, at noise %d', (noise) => {
    for (const seed of seeds) {
      const { verdict, title } = findingOf(eventLoopBlocked, syntheticRun({ ...blocked, noise, seed }));
      expect(verdict).toBe('fail');
      expect(title).toContain('by pbkdf2');
    }
  });

  test('says what of the own code called it, how often and for how long', () => {
    const { evidence } = findingOf(eventLoopBlocked, syntheticRun(blocked));
    expect(evidence[1]).toMatchObject({
      text: 'pbkdf2, called by hashSync (src/hash.ts:7), ran 4 times without a pause, for up to 150 ms.',
      source: 'cpu profile',
      startMs: 6000,
      endMs: 6150,
    });
  });

  test('does not fail a process that only waited for a CPU: no function ran that long', () => {
    const { verdict, counterEvidence } = findingOf(
      eventLoopBlocked,
      syntheticRun({ ...blocked, profiles: busyProfile }),
    );
    expect(verdict).toBe('warn');
    expect(counterEvidence[0]?.text).toContain('may have waited for a CPU');
  });

  test('leaves a process that has no CPU left to cpu-saturated', () => {
    const change = {
      ...blocked.change,
      process: (sample) => ({ ...sample, cpuPercent: 99 }),
    } satisfies SyntheticRunOptions['change'];
    const { verdict, counterEvidence } = findingOf(eventLoopBlocked, syntheticRun({ ...blocked, change }));
    expect(verdict).toBe('warn');
    expect(counterEvidence[0]?.text).toContain('cpu-saturated');
  });

  test('needs more than a single slow second', () => {
    const change = {
      node: (sample: NodeSample, second: number) => (second === 9 ? delayed(sample) : sample),
    };
    expect(judge(eventLoopBlocked, syntheticRun({ ...blocked, change })).verdict).toBe('pass');
  });

  test('without a profile believes the delay when the process used the CPU that it was busy for', () => {
    const change = {
      node: delayed,
      process: (sample) => ({ ...sample, cpuPercent: 42 }),
    } satisfies SyntheticRunOptions['change'];
    const profiled = findingOf(eventLoopBlocked, syntheticRun({ change, profiles: blockedProfile }));
    const blind = findingOf(eventLoopBlocked, without(syntheticRun({ change }), 'profiles'));
    expect(blind.verdict).toBe('fail');
    expect(blind.confidence).toBeLessThan(profiled.confidence);
  });

  test('is not checked where the gateway is not Node', () => {
    expect(judge(eventLoopBlocked, without(syntheticRun(), 'node')).verdict).toBe('not-checked');
  });
});
