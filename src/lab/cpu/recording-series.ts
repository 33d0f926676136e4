import { processLabels } from '../pyroscope/process-labels.ts';
import type { ProfileSeries } from '../pyroscope/push-profiles.ts';
import type { ProfiledProcess } from './profiled-processes.ts';
import type { RecordedProcess } from './record.ts';
import { recordingSet } from './recording-set.ts';

/** A recording as what a Pyroscope server keeps apart: each process, or `byThread` each of its threads. */
export function recordingSeries(
  processes: readonly RecordedProcess[],
  options: { byThread: boolean; facts: string[] },
): ProfileSeries[] {
  return processes.flatMap((each) => {
    const { facts, parts } = recordingSet([each], options);
    return parts.map((part, at) => ({
      labels: {
        ...labelsOf(each.process),
        ...(options.byThread ? { thread: each.threads[at]?.thread ?? '' } : {}),
      },
      set: { title: part.label, facts, parts: [part] },
    }));
  });
}

function labelsOf({ pid, name, role, runtime, profiler }: ProfiledProcess): Record<string, string> {
  return {
    ...processLabels({ pid, runtime, profiler }),
    // Only a stack file or a container gives a name of its own.
    ...(name === role ? {} : { instance: name, role }),
  };
}
