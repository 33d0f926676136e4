import { formatBytes } from '../quantity.ts';
import { type LimitName, type Limits, limitTable } from '../limits.ts';
import type { Remark } from '../look.ts';
import type { MachineUse } from './stats-look.ts';
import type { StatsRow } from './stats-rows.ts';

/** What is wrong with one container or process, by the limits of its role and those that hold for all. */
export function judgeRow(row: Omit<StatsRow, 'verdict'>, limits: Limits): Remark[] {
  const { name, role, cpuPercent, memoryBytes } = row;
  const remarks: Remark[] = [];
  const cpu = limitOf(role, 'cpu', limits);
  if (cpu !== undefined && cpuPercent >= cpu.value) {
    remarks.push({
      verdict: cpu.verdict,
      text: `${name} uses ${Math.round(cpuPercent)} % of a core (limit ${cpu.value} %)`,
    });
  }
  const memory = limitOf(role, 'memory', limits);
  if (memory !== undefined && memoryBytes >= memory.value) {
    remarks.push({
      verdict: memory.verdict,
      text: `${name} holds ${formatBytes(memoryBytes)} of memory (limit ${formatBytes(memory.value)})`,
    });
  }
  return [...remarks, ...judgeThrottling(row, limits), ...judgeOwnMemory(row, limits)];
}

function judgeThrottling(row: Omit<StatsRow, 'verdict'>, limits: Limits): Remark[] {
  const { name, cpuLimitCores, throttledPercent, throttledPeriods } = row;
  if (throttledPercent === null || throttledPercent < limits['stats.throttled']) return [];
  if ((throttledPeriods ?? 0) < limits['stats.throttled.periods']) return [];
  return [
    {
      verdict: limitTable['stats.throttled'].verdict,
      text:
        `${name} was stopped in ${Math.round(throttledPercent)} % of the periods by its CPU limit of ` +
        `${cpuLimitCores} cores (limit ${limits['stats.throttled']} %)`,
      advice:
        'it is the CPU limit, not the code: raise it, or run more replicas, before you look at a profile',
    },
  ];
}

function judgeOwnMemory(row: Omit<StatsRow, 'verdict'>, limits: Limits): Remark[] {
  const { name, memoryBytes, memoryLimitBytes, oomKills, kind } = row;
  const remarks: Remark[] = [];
  if ((oomKills ?? 0) > 0) {
    remarks.push({
      verdict: 'fail',
      text: `${name} reached its memory limit: the kernel killed ${oomKills} of its processes`,
      advice: 'raise the limit of its memory, or find what it keeps',
    });
  }
  // A process shares the limit of its group with others, so that its own part says little.
  if (memoryLimitBytes === null || kind === 'process') return remarks;
  const percent = (memoryBytes / memoryLimitBytes) * 100;
  if (percent >= limits['stats.memory-of-limit']) {
    remarks.push({
      verdict: limitTable['stats.memory-of-limit'].verdict,
      text:
        `${name} uses ${Math.round(percent)} % of the ${formatBytes(memoryLimitBytes)} of memory that it may ` +
        `(limit ${limits['stats.memory-of-limit']} %)`,
      advice: 'at 100 % the kernel kills it: raise the limit of its memory, or find what it keeps',
    });
  }
  return remarks;
}

/** What of the machine makes the figures of everything on it hard to believe. */
export function judgeMachine({ stealPercent, waits, cores }: MachineUse, limits: Limits): Remark[] {
  const remarks: Remark[] = [];
  const stolen = stealPercent / cores;
  if (stolen >= limits['stats.machine.steal']) {
    remarks.push({
      verdict: limitTable['stats.machine.steal'].verdict,
      text: `other virtual machines took ${Math.round(stolen)} % of this machine's CPU time (limit ${limits['stats.machine.steal']} %)`,
      advice: 'what is slow here may be slow for that: look again on a machine of its own',
    });
  }
  if (waits !== null && waits.cpuPercent >= limits['stats.machine.cpu-wait']) {
    remarks.push({
      verdict: limitTable['stats.machine.cpu-wait'].verdict,
      text: `some program waited for a CPU for ${Math.round(waits.cpuPercent)} % of the time (limit ${limits['stats.machine.cpu-wait']} %)`,
      advice: 'the cores are used up, or a CPU limit stops something: see the column cpu wait',
    });
  }
  return remarks;
}

function limitOf(
  role: StatsRow['role'],
  resource: 'cpu' | 'memory',
  limits: Limits,
): { value: number; verdict: 'warn' | 'fail' } | undefined {
  const name = limitNames.find((each) => each === `stats.${role}.${resource}`);
  return name && { value: limits[name], verdict: limitTable[name].verdict };
}

const limitNames: readonly LimitName[] = [
  'stats.gateway.cpu',
  'stats.gateway.memory',
  'stats.postgres.cpu',
  'stats.postgres.memory',
  'stats.redis.cpu',
  'stats.redis.memory',
];
