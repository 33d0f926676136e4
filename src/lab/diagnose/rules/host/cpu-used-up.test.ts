import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import type { ArtifactSlots } from '../../artifacts.ts';
import { cpuUsedUp } from './cpu-used-up.ts';

describe('the CPU of the machine', () => {
  test('that is used up by others is named as theirs', () => {
    const finding = findingOf(cpuUsedUp, run(196));
    expect(finding.verdict).toBe('warn');
    expect(finding.title).toMatch(
      /^The CPU of the machine is used up \(98 % of 2 cores\), \d+ % of it by programs outside the stack$/,
    );
    expect(finding.advice[0]).toMatch(/nothing else runs here/);
  });

  test('that the stack uses up is its own', () => {
    const finding = findingOf(cpuUsedUp, run(196, 180));
    expect(finding.title).toBe('The CPU of the machine is used up (98 % of 2 cores)');
    expect(finding.advice[0]).toMatch(/another machine/);
  });

  test('that containers of the stack use up is its own', () => {
    const slots = run(196);
    if (slots.container.status !== 'ok') throw new Error('no container');
    const [web] = slots.container.value.values();
    const database = (web ?? []).map(({ atMs, data }) => ({
      atMs,
      data: { ...data, role: 'postgres' as const, cpuPercent: 150 },
    }));
    const container: ArtifactSlots['container'] = { status: 'ok', value: new Map([['database', database]]) };
    const finding = findingOf(cpuUsedUp, { ...slots, container });
    expect(finding.title).toBe('The CPU of the machine is used up (98 % of 2 cores)');
    expect(finding.evidence[1]?.text).toMatch(/^The stack used 170 % of a core together/);
    expect(findingOf(cpuUsedUp, without(slots, 'container')).title).toMatch(/by programs outside the stack$/);
  });

  test.each(noiseLevels)('is in order when a core is left, at noise %d', (noise) => {
    expect(findingOf(cpuUsedUp, run(110, 40, noise)).verdict).toBe('pass');
  });

  test('is judged less surely without the processes, and nobody is blamed', () => {
    const blind = findingOf(cpuUsedUp, without(without(run(196), 'process'), 'container'));
    expect(blind.title).toBe('The CPU of the machine is used up (98 % of 2 cores)');
    expect(blind.confidence).toBeLessThan(findingOf(cpuUsedUp, run(196)).confidence);
  });

  test('is not checked where the machine was not watched', () => {
    expect(judge(cpuUsedUp, without(run(196), 'host')).verdict).toBe('not-checked');
  });
});

/** Two cores; percent of one core that all programs use, and that the gateway does. */
function run(cpuPercent: number, gatewayPercent = 20, noise = 0): ArtifactSlots {
  const host = Array.from({ length: 20 }, (_, at) => ({
    atMs: at * 1000,
    data: {
      cores: 2,
      cpuPercent,
      stealPercent: 0,
      memoryTotalBytes: 8e9,
      memoryAvailableBytes: 4e9,
      pressure: null,
    },
  }));
  return {
    ...syntheticRun({ noise, change: { process: (sample) => ({ ...sample, cpuPercent: gatewayPercent }) } }),
    host: { status: 'ok', value: new Map([['host', host]]) },
  };
}
