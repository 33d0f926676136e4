import { GaugewayError } from '../../shared/errors.ts';
import { type PerfSample, PerfSamples } from './perf-samples.ts';
import type { Profile } from './profile.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { ProfileSet } from './profile-set.ts';

/** A thread that lags behind the clock by more than this part of an interval did not run; less is jitter. */
const idleIntervals = 0.5;

/**
 * Reads the text of `perf script`: one part per thread, in order of time. Samples of a clock weigh their period, others
 * the usual distance of samples; time between them in which a thread did not run is `(idle)`. Throws GaugewayError source_unreadable when there is no sample in it.
 */
export function fromPerfScript(text: string, place: PerfPlace): ProfileSet {
  const samples = new PerfSamples();
  samples.add(text);
  return fromPerfSamples(samples, place);
}

/** The same of what has been read piece by piece. */
export function fromPerfSamples(
  samples: PerfSamples,
  { name, startMs = 0, endMs, originUs, intervalUs }: PerfPlace,
): ProfileSet {
  const all = samples.end();
  if (all.length === 0) throw new GaugewayError('source_unreadable', `${name} holds no samples of perf`);
  const firstUs = all.reduce(
    (least, { samples: own }) => own.reduce((first, { atUs }) => Math.min(first, atUs), least),
    Infinity,
  );
  return {
    title: name,
    facts: [],
    parts: all.map(({ label, samples: own }) => ({
      label,
      profile: profileOf(label, own, { startMs, endMs, originUs: originUs ?? firstUs, intervalUs }),
    })),
  };
}

export interface PerfPlace {
  name: string;
  intervalUs?: number;
  /** The run's clock when perf's own was at `originUs`; without that, at the first sample. */
  startMs?: number;
  originUs?: number;
  /** When sampling ended; by default with the last sample. */
  endMs?: number;
}

function profileOf(
  label: string,
  samples: PerfSample[],
  {
    startMs,
    endMs,
    originUs,
    intervalUs,
  }: Required<Pick<PerfPlace, 'startMs' | 'originUs'>> & {
    endMs: number | undefined;
    intervalUs: number | undefined;
  },
): Profile {
  const inOrder = samples.toSorted((a, b) => a.atUs - b.atUs);
  const interval = intervalUs ?? usualDistanceUs(inOrder);
  const builder = new ProfileBuilder(label);
  const idle = builder.child(0, builder.frame({ name: '(idle)', file: '', line: 0, column: 0 }));
  let endUs = originUs;
  for (const { atUs, period, isClock, stack } of inOrder) {
    const weight = isClock && period > 0 ? period / 1000 : interval;
    const idleUs = atUs - weight - endUs;
    if (idleUs > idleIntervals * weight) {
      builder.add(idle, idleUs);
      endUs += idleUs;
    }
    builder.add(builder.stack(stack), weight);
    endUs += weight;
  }
  const sampledMs = (endUs - originUs) / 1000;
  if (endMs !== undefined) builder.add(idle, (endMs - startMs - sampledMs) * 1000);
  return builder.build({
    unit: 'microseconds',
    order: 'time',
    interval,
    startMs,
    endMs: endMs ?? startMs + sampledMs,
  });
}

/** The median, as a thread that waits leaves wide gaps; of clocks their period. */
function usualDistanceUs(inOrder: readonly PerfSample[]): number {
  const [first] = inOrder;
  if (first !== undefined && first.isClock && first.period > 0) return first.period / 1000;
  const gaps = inOrder
    .slice(1)
    .map(({ atUs }, index) => atUs - (inOrder[index]?.atUs ?? atUs))
    .filter((gap) => gap > 0)
    .toSorted((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 1000;
}
