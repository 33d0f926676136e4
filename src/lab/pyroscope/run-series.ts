import { asSet } from '../profile/profile-set.ts';
import { readBundle } from '../timeline/read-bundle.ts';
import { processLabels } from './process-labels.ts';
import type { ProfileSeries } from './push-profiles.ts';

/** The CPU profiles of the run in a folder, window after window, each with the run's id; none where none can be read. */
export async function runSeries(folder: string, runId: string): Promise<ProfileSeries[]> {
  const { profiles } = await readBundle(folder);
  if (profiles.status !== 'ok') return [];
  return profiles.value.map(({ target, pid, thread, profiler, role, profile }) => ({
    labels: {
      ...processLabels({ pid, profiler: profiler ?? 'v8' }),
      role: role ?? 'gateway',
      instance: target.replace(/ \(pid \d+\)$/, ''),
      thread: thread ?? 'main',
      run_id: runId,
    },
    set: asSet(profile),
  }));
}
