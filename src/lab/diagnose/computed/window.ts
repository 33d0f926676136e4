import type { Phase, Timed } from '../artifacts.ts';
import type { ObservedLoad } from '../../timeline/samples.ts';
import { defineFact } from './facts.ts';

/** The part of the run that verdicts are about, on the run's clock. */
export interface Window {
  startMs: number;
  endMs: number;
  /** False when the run never became steady, so that the whole load is judged. */
  steady: boolean;
}

/** A steady phase shorter than this says less than the ramp before it. */
const shortestSteadyMs = 2000;
/** Most sources are read on this tick; a reading this near the window's edge still belongs to it. */
const tickMs = 1000;

/** The steady phase; all of the load when it was never reached; undefined when there was no load. */
export const steadyWindow = defineFact(['phases'], ({ phases }): Window | undefined => {
  const steady = phases.find(({ name }) => name === 'steady');
  if (steady !== undefined && steady.endMs - steady.startMs >= shortestSteadyMs)
    return within(steady, steady, true);
  const ramp = phases.find(({ name }) => name === 'ramp');
  if (ramp !== undefined) return within(ramp, steady ?? ramp, false);
  return steady && within(steady, steady, false);
});

function within(first: Phase, last: Phase, steady: boolean): Window {
  return { startMs: first.startMs, endMs: last.endMs, steady };
}

/** Samples that each cover the `spanMs` before them: those that lie in the window for the greater part. */
export function samplesIn<T>(samples: readonly Timed<T>[], window: Window, spanMs = tickMs): Timed<T>[] {
  return samples.filter(({ atMs }) => {
    const middleMs = atMs - spanMs / 2;
    return middleMs >= window.startMs && middleMs <= window.endMs;
  });
}

/** As {@link samplesIn}, for samples that say themselves how long they cover. */
export function loadSamplesIn(
  samples: readonly Timed<ObservedLoad>[],
  window: Window,
): Timed<ObservedLoad>[] {
  return samples.filter((sample) => samplesIn([sample], window, sample.data.windowMs).length > 0);
}

/** Readings of cumulative counters: those of the window and the ones a tick before and after it. */
export function readingsIn<T>(samples: readonly Timed<T>[], window: Window): Timed<T>[] {
  return samples.filter(({ atMs }) => atMs >= window.startMs - tickMs && atMs <= window.endMs + tickMs);
}

/** Seconds from the first to the last of the samples. */
export function elapsedS(samples: readonly Timed<unknown>[]): number {
  const first = samples.at(0);
  const last = samples.at(-1);
  return first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1000;
}
