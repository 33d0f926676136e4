import { formatDurationMs } from '../../shared/duration.ts';
import { formatTimeMs } from '../look/quantity.ts';
import { mergeProfiles } from '../profile/merge-profiles.ts';
import type { ProfileSet } from '../profile/profile-set.ts';
import { processLabel } from './profiled-processes.ts';
import type { RecordedProcess, Recording } from './record.ts';

/** What a recording cost. */
export interface RecordingCost {
  /** CPU of this command and of the profilers that it started. */
  profilerCpuMs: number;
  /** The same of one core, over the recording. */
  profilerCpuPercent: number;
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
      `(${cost.profilerCpuPercent.toFixed(1)} % of a core); attaching took up to ${formatTimeMs(cost.attachMs)}.`,
    ...facts,
  ];
}

export function recordingCost(
  { startMs, endMs, processes }: Recording,
  profilerCpuMs: number,
): RecordingCost {
  return {
    profilerCpuMs: Math.round(profilerCpuMs),
    profilerCpuPercent: (profilerCpuMs / Math.max(1, endMs - startMs)) * 100,
    attachMs: Math.round(Math.max(0, ...processes.map(({ process }) => process.attachMs))),
  };
}
