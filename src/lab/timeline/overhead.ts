import type { ArtifactSlots, Slot, Timed } from '../diagnose/artifacts.ts';
import { mean, quantile, rounded } from '../diagnose/computed/statistics.ts';
import type { Overhead } from './overhead-schema.ts';
import type { LabSample } from './samples/lab-sample.ts';

/**
 * What watching may cost, by our own rule: below these nobody sees in the figures whether a lab was there. Of one core,
 * the mean over a run; and the mean of what PostgreSQL works for one look.
 */
export const overheadBudget = { labCpuPercent: 3, databaseMsPerTick: 5 } as const;

/** Fetching, parsing and writing a CPU profile is over by then. */
const profileWorkMs = 2000;

/** What watching cost, from what the run recorded of itself. Pure. */
export function overheadOf(artifacts: ArtifactSlots): Overhead {
  const profiles = artifacts.profiles.status === 'ok' ? artifacts.profiles.value : [];
  const fetchesProfile = ({ atMs }: { atMs: number }): boolean =>
    profiles.some(({ endMs }) => atMs >= endMs && atMs <= endMs + profileWorkMs);
  const lab = samplesOf(artifacts.lab);
  const cpu = (samples: typeof lab): Overhead['labCpuPercent'] =>
    spreadOf(samples.map(({ data }) => data.cpuPercent));
  const labCpuPercent = cpu(lab.filter((sample) => !fetchesProfile(sample)));
  const databaseMsPerTick = spreadOf(
    samplesOf(artifacts.postgres).flatMap(({ data }) => data.serverMs ?? []),
  );
  return {
    labCpuPercent,
    profilingCpuPercent: cpu(lab.filter(fetchesProfile)),
    profilersCpuPercent: spreadOf(profilersPercents(lab)),
    databaseMsPerTick,
    exceeded: [
      ...over(labCpuPercent, overheadBudget.labCpuPercent, '% of a core'),
      ...over(databaseMsPerTick, overheadBudget.databaseMsPerTick, 'ms of PostgreSQL for each look'),
    ],
  };
}

/** Of the seconds in which one of them ran. */
function profilersPercents(lab: readonly Timed<LabSample>[]): number[] {
  return lab.map(({ data }) => data.profilersCpuPercent ?? 0).filter((percent) => percent > 0);
}

function over(spread: Overhead['labCpuPercent'], budget: number, what: string): string[] {
  return spread === null || spread.mean <= budget ? [] : [`more than ${budget} ${what}`];
}

function spreadOf(values: readonly number[]): Overhead['labCpuPercent'] {
  return values.length === 0 ? null : { mean: rounded(mean(values)), p95: rounded(quantile(values, 0.95)) };
}

function samplesOf<T>(slot: Slot<Map<string, Timed<T>[]>>): Timed<T>[] {
  return slot.status === 'ok' ? [...slot.value.values()].flat() : [];
}
