import { formatDurationMs } from '../../shared/duration.ts';
import { formatTimeMs } from '../look/quantity.ts';
import { profilerFrameName } from '../profile/frame-kind.ts';
import { mergeProfiles } from '../profile/merge-profiles.ts';
import type { Profile } from '../profile/profile.ts';
import type { ProfileSet } from '../profile/profile-set.ts';
import { processLabel } from './profiled-processes.ts';
import type { RecordedProcess, Recording } from './record.ts';

/** What a recording cost. */
export interface RecordingCost {
  /** CPU of this command and of the profilers that it started. */
  profilerCpuMs: number;
  /** The same of one core, over the recording. */
  profilerCpuPercent: number;
  /**
   * What the profiler did in the processes themselves, by the profiles; 0 where it runs outside. Like all that V8 counts
   * it is time that passed, waiting for a core among it.
   */
  insideMs: number;
  /** The longest that attaching to one process took. */
  attachMs: number;
}

/** A recording as a profile file holds it. `byThread`: a part for each thread, or else one for each process. */
export function recordingSet(
  processes: readonly RecordedProcess[],
  options: { byThread: boolean; facts: string[] },
): ProfileSet {
  const parts = processes.flatMap(({ process, threads }) => {
    const label = `${processLabel(process)} ${process.command}`;
    if (options.byThread) {
      return threads.map(({ thread, profile }) => ({ label: `${label}, ${thread}`, profile }));
    }
    const profiles = threads.map(({ profile }) => profile);
    return profiles.length === 0 ? [] : [{ label, profile: mergeProfiles(profiles, label) }];
  });
  const [only] = processes;
  const title =
    processes.length === 1 && only !== undefined
      ? `${processLabel(only.process)} ${only.process.command}`
      : `${processes.length} processes`;
  return { title, facts: options.facts, parts };
}

/** How a recording was taken, in sentences. */
export function recordingFacts(
  { startMs, endMs, processes, facts }: Recording,
  { rateHz, cost }: { rateHz: number; cost: RecordingCost },
): string[] {
  const profilers = [...new Set(processes.map(({ process }) => process.profiler))].join(' and ');
  return [
    `Recorded for ${formatDurationMs(endMs - startMs)} with ${rateHz} samples a second by ${profilers || 'no profiler'}, ` +
      `from ${new Date(startMs).toISOString()} on.`,
    `Profiling took ${formatTimeMs(cost.profilerCpuMs)} of CPU beside the processes ` +
      `(${cost.profilerCpuPercent.toFixed(1)} % of a core)${inside(cost)}; attaching took up to ${formatTimeMs(cost.attachMs)}.`,
    ...facts,
  ];
}

function inside({ insideMs }: RecordingCost): string {
  return insideMs > 0 ? ` and ${formatTimeMs(insideMs)} in them, which no share counts` : '';
}

export function recordingCost(
  { startMs, endMs, processes }: Recording,
  profilerCpuMs: number,
): RecordingCost {
  const profiles = processes.flatMap(({ threads }) => threads.map(({ profile }) => profile));
  return {
    profilerCpuMs: Math.round(profilerCpuMs),
    profilerCpuPercent: (profilerCpuMs / Math.max(1, endMs - startMs)) * 100,
    insideMs: Math.round(profiles.reduce((sum, profile) => sum + profilerMs(profile), 0)),
    attachMs: Math.round(Math.max(0, ...processes.map(({ process }) => process.attachMs))),
  };
}

/** What the profiler itself did in the process that it profiled, in milliseconds. */
export function profilerMs({ frames, nodes }: Profile): number {
  const ofProfiler = nodes.filter(({ frame }) => frames[frame]?.name === profilerFrameName);
  return ofProfiler.reduce((sum, { self }) => sum + self, 0) / 1000;
}
