import { nowMs } from '../../../shared/clock.ts';
import { fromHeapProfile } from '../../profile/from-heapprofile.ts';
import type { Profile } from '../../profile/profile.ts';
import type { ProtocolSession } from './protocol-session.ts';

export interface HeapSamplingOptions {
  /** Bytes between two samples, on average. */
  intervalBytes: number;
  /** Only what is still alive when it is read; otherwise all that was allocated, what was collected meanwhile among it. */
  live: boolean;
}

/** V8 collects garbage before it answers: a heap of gigabytes takes seconds. */
const readTimeoutMs = 60_000;

/**
 * V8's sampling allocation profiler in one process; it sees what is allocated from `start` on. Each reading makes V8
 * run a full collection first, which stops the process (about 1 ms for a MiB of heap in use): there is no way around it
 * through the inspector. Sizes are V8's estimate of all that was allocated, not of the samples alone. Of array
 * buffers and of native memory it knows only the small objects that hold them. Rejects as {@link ProtocolSession.send}.
 */
export class HeapSampling {
  readonly startMs: number;
  readonly #client: ProtocolSession;
  readonly #intervalBytes: number;

  private constructor(client: ProtocolSession, startMs: number, intervalBytes: number) {
    this.#client = client;
    this.startMs = startMs;
    this.#intervalBytes = intervalBytes;
  }

  /** What was collected is counted by V8 11 (Node 20) and newer. One sampling at a time: a second one has no effect. */
  static async start(client: ProtocolSession, options: HeapSamplingOptions): Promise<HeapSampling> {
    await client.send('HeapProfiler.startSampling', {
      samplingInterval: options.intervalBytes,
      includeObjectsCollectedByMajorGC: !options.live,
      includeObjectsCollectedByMinorGC: !options.live,
    });
    return new HeapSampling(client, nowMs(), options.intervalBytes);
  }

  /** What was seen until now; goes on. */
  async read(): Promise<HeapReading> {
    return this.#reading(await this.#client.send('HeapProfiler.getSamplingProfile', {}, readTimeoutMs));
  }

  /** What was seen; ends it. */
  async stop(): Promise<HeapReading> {
    return this.#reading(await this.#client.send('HeapProfiler.stopSampling', {}, readTimeoutMs));
  }

  #reading({ profile }: Record<string, unknown>): HeapReading {
    const { startMs } = this;
    const place = { name: 'heap', startMs, endMs: nowMs(), interval: this.#intervalBytes };
    return { profile: fromHeapProfile(profile, place), samples: samplesIn(profile) };
  }
}

export interface HeapReading {
  /** Weighs bytes. */
  profile: Profile;
  /** On how many sampled objects it rests. */
  samples: number;
}

function samplesIn(profile: unknown): number {
  const samples: unknown =
    typeof profile === 'object' && profile !== null ? Reflect.get(profile, 'samples') : undefined;
  return Array.isArray(samples) ? samples.length : 0;
}
