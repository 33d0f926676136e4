import { describe, expect, it } from 'vitest';
import { without } from '../../../test/support/judge-rule.ts';
import {
  gatewayPid,
  syntheticRun,
  type SyntheticRunOptions,
  upstreamMetrics,
} from '../../../test/support/synthetic-run.ts';
import type { ArtifactSlots } from '../diagnose/artifacts.ts';
import { diagnose } from '../diagnose/diagnose.ts';
import type { Capacity, CapacityStep } from './capacity-schema.ts';
import { nameLimit } from './name-limit.ts';

const gateway = `gateway (pid ${gatewayPid})`;

/** The levels of a ramp, with the CPU that the gateway used at each. */
function levels(cpuPercents: Record<number, number>): CapacityStep[] {
  return Object.entries(cpuPercents).map(([users, cpuPercent]) => ({
    users: Number(users),
    role: 'ramp',
    startMs: 0,
    endMs: 4000,
    rps: 100,
    rpsStandardError: 1,
    p50Ms: 50,
    p95Ms: 60,
    failedShare: 0,
    gainPer20Percent: null,
    broken: [],
    generator: 'ok',
    generatorCpuPercent: 10,
    busiest: { target: gateway, cpuPercent },
  }));
}

/** What is named of a hold on a quiet machine, changed as said. */
function limitOf(
  change: SyntheticRunOptions['change'] = {},
  {
    ended = 'throughput',
    steps = [],
    alter = (slots) => slots,
    toolCallMs,
  }: {
    ended?: Capacity['ended'];
    steps?: CapacityStep[];
    alter?: (slots: ArtifactSlots) => ArtifactSlots;
    toolCallMs?: number;
  } = {},
): Capacity['limit'] {
  const slots = alter(syntheticRun({ change, ...(toolCallMs === undefined ? {} : { toolCallMs }) }));
  return nameLimit(slots, diagnose(slots), ended, steps);
}

/** The same run, of which only the load was seen. */
function unwatched(slots: ArtifactSlots): ArtifactSlots {
  const watched = ['postgres', 'statements', 'process', 'node', 'prometheus'] as const;
  return watched.reduce((left, name) => without(left, name), slots);
}

const busyProcess = (cpuPercent: number): SyntheticRunOptions['change'] => ({
  process: (sample) => ({ ...sample, cpuPercent }),
});
const busyGateway: SyntheticRunOptions['change'] = {
  ...busyProcess(99),
  node: (sample) => ({ ...sample, eventLoopUtilization: 0.99 }),
};

describe('what limits a stack', () => {
  it("is the gateway's CPU, and since how many users", () => {
    const steps = levels({ 4: 40, 8: 80, 12: 97, 14: 99 });
    const limit = limitOf(busyGateway, { steps });
    expect(limit).toMatchObject({ layer: 'gateway', ruleId: 'cpu-saturated' });
    expect(limit?.text).toMatch(/^gateway \(pid 100\) .*, 90 % or more from 12 users on\.$/);
  });

  it('is the gateway that other programs keep from its core, without a share that it never had', () => {
    const change = { ...busyGateway, ...busyProcess(60) };
    const limit = limitOf(change, { steps: levels({ 8: 95 }) });
    expect(limit).toMatchObject({ layer: 'gateway', ruleId: 'cpu-saturated' });
    expect(limit?.text).toContain('gets only 60 % of a core');
    expect(limit?.text).not.toContain('users on');
  });

  it.each(['upstream', 'postgres'] as const)('is a busy process of the role %s, by no rule', (role) => {
    const limit = limitOf({ process: (sample) => ({ ...sample, role, cpuPercent: 98 }) });
    expect(limit).toMatchObject({ layer: role, ruleId: null });
    expect(limit?.text).toContain('used 98 % of one core');
  });

  it('is the connections that PostgreSQL may have', () => {
    const limit = limitOf({ postgres: (sample) => ({ ...sample, maxConnections: 11 }) });
    expect(limit).toEqual({
      layer: 'postgres',
      text: 'PostgreSQL had 10 of at most 11 connections open.',
      ruleId: null,
    });
  });

  it('is a slow upstream, by its rule', () => {
    const slow = {
      prometheus: (_: unknown, second: number) => ({ metrics: upstreamMetrics(second * 50, 0.3) }),
    };
    expect(limitOf(slow, { toolCallMs: 310 })).toMatchObject({ layer: 'upstream', ruleId: 'slow-upstream' });
  });

  it('is an upstream that takes most of the time of calls, though it is quick', () => {
    const quick = {
      prometheus: (_: unknown, second: number) => ({ metrics: upstreamMetrics(second * 50, 0.04) }),
    };
    const limit = limitOf(quick, { toolCallMs: 45 });
    expect(limit).toMatchObject({ layer: 'upstream', ruleId: null });
    expect(limit?.text).toMatch(
      /^Tool calls waited 40 ms for the upstream, \d\d % of their time; meanwhile gateway/,
    );
  });

  it('is elsewhere when nothing that is watched is busy, the busiest named', () => {
    const limit = limitOf({}, { toolCallMs: 400 });
    expect(limit).toMatchObject({ layer: 'elsewhere', ruleId: null });
    expect(limit?.text).toContain(`the busiest process, ${gateway}, used 15 % of one core`);
  });

  it('is not known when nothing is watched', () => {
    expect(limitOf({}, { alter: unwatched })).toMatchObject({ layer: 'unknown', ruleId: null });
  });

  it('is the load generator when that was saturated, however busy the gateway was', () => {
    const generator = { layer: 'generator', ruleId: 'generator-saturated' };
    const saturated: SyntheticRunOptions['change'] = {
      ...busyGateway,
      load: (sample) => ({ ...sample, generator: { ...sample.generator, cpuPercent: 98 } }),
    };
    expect(limitOf(saturated)).toMatchObject(generator);
    expect(limitOf(busyGateway, { ended: 'generator' })).toMatchObject(generator);
  });

  it.each(['max-users', 'interrupted'] as const)('is not asked of a ramp that ended by %s', (ended) => {
    expect(limitOf(busyGateway, { ended })).toBeNull();
  });
});
