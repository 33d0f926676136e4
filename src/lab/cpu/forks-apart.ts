import { unlessUnreadable } from '../../shared/proc-files.ts';
import { frameKind } from '../profile/frame-kind.ts';
import { frameWeights } from '../profile/frame-weights.ts';
import { mergeThreads } from '../profilers/merge-threads.ts';
import type { ThreadProfile } from '../profilers/profiler.ts';
import { commandOf } from './command-of.ts';
import type { ProfiledProcess, TakenWindow } from './profiled-processes.ts';

interface Forks {
  /** Those that are told apart, by pid; new ones are added. */
  forks: Map<number, ProfiledProcess>;
  /** Whether new ones are told apart. */
  joins: boolean;
  /** Of what perf follows, the kernel tells no time that lasts: its samples do. */
  bySamples: boolean;
}

/**
 * The window of a process, and one for each process that its profiler has followed and that is told apart. The threads
 * of others, and of those that have ended, are counted with the process itself.
 */
export async function forksApart(
  window: TakenWindow,
  { forks, joins, bySamples }: Forks,
): Promise<TakenWindow[]> {
  const { process: parent, threads } = window;
  const pids = new Set(threads.flatMap(({ pid }) => pid ?? []));
  for (const pid of joins ? pids : []) {
    if (forks.has(pid)) continue;
    const command = await unlessUnreadable(() => commandOf(pid));
    if (command !== undefined) forks.set(pid, { ...parent, name: `child ${pid}`, pid, command });
  }
  const byPid = Map.groupBy(threads, ({ pid }) => (pid !== undefined && forks.has(pid) ? pid : parent.pid));
  const ofParent = (byPid.get(parent.pid) ?? []).map(({ thread, profile }) => ({ thread, profile }));
  const own = { ...window, threads: mergeThreads(ofParent) };
  const ofForks = [...forks.values()].flatMap((process) => {
    const seen = byPid.get(process.pid);
    return seen === undefined ? [] : [{ ...window, process, threads: seen, cpuMs: sampledMs(seen) }];
  });
  const cpuMs = pids.size > 0 && bySamples ? sampledMs(own.threads) : own.cpuMs;
  return [{ ...own, cpuMs }, ...ofForks];
}

/** What the samples tell of the time that the threads ran. */
function sampledMs(threads: readonly ThreadProfile[]): number {
  const busyUs = threads.flatMap(({ profile }) =>
    frameWeights(profile).self.filter((_, at) => {
      const frame = profile.frames[at];
      return frame !== undefined && frameKind(frame) !== 'waiting';
    }),
  );
  return busyUs.reduce((sum, us) => sum + us, 0) / 1000;
}
