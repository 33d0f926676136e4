import type { Profile } from '../profile/profile.ts';
import { HeapSampling, type HeapSamplingOptions } from '../profilers/node/heap-sampling.ts';
import {
  attachToHeap,
  type HeapOptions,
  type HeapProcess,
  measuringPause,
  type TimedMemory,
  watchMemory,
} from './heap-target.ts';

export interface RecordOptions extends HeapOptions, HeapSamplingOptions {
  durationMs: number;
}

/** What one process allocated within a window. */
export interface HeapRecording extends HeapProcess {
  /** Weighs bytes. */
  profile: Profile;
  /** Sampled objects that it rests on. */
  samples: number;
  durationMs: number;
  /** One a second. */
  readings: TimedMemory[];
  /** Time that the process stood still while V8 told its samples. */
  pauseMs: number;
}

/**
 * Samples the allocations of one process; the signal ends the window early and keeps what was seen. The process is
 * left as it was found. Throws as {@link attachToHeap} and {@link watchMemory}.
 */
export async function recordHeap(process: HeapProcess, options: RecordOptions): Promise<HeapRecording> {
  const target = await attachToHeap(process, options);
  try {
    const sampling = await HeapSampling.start(target.main, options);
    const readings = await watchMemory(target, options.durationMs, options.signal);
    const { result, pauseMs } = await measuringPause(target, () => sampling.stop());
    const { startMs, endMs } = result.profile;
    const profile = { ...result.profile, name: process.label };
    return { ...process, profile, samples: result.samples, durationMs: endMs - startMs, readings, pauseMs };
  } finally {
    await target.close();
  }
}
