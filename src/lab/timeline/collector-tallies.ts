import type { RunDocument } from '../run-document.ts';
import type { GapEvent, SeriesEvent } from './events.ts';

export type CollectorTally = Omit<RunDocument['collectors'][number], 'required'>;

interface Count {
  name: string;
  target: string;
  samples: number;
  gaps: number;
  totalCostMs: number;
  lastError: string | undefined;
  failing: boolean;
  notApplicable: boolean;
  clock: { offsetMs: number; errorMs: number } | undefined;
}

/**
 * Counts what each collector gave and cost. A collector is `ok` when it gave something and its last
 * attempt did not fail: a source that came back counts, one that was lost and stayed away does not.
 */
export class CollectorTallies {
  readonly #counts = new Map<string, Count>();

  count(event: SeriesEvent): void {
    if (event.kind === 'sample') this.#seen(event.source, event.target, event.costMs);
    // A profile runs inside its target for the whole window; what it costs there is no wall time of ours.
    if (event.kind === 'profile') this.#seen('cpu-profile', event.target, 0);
    if (event.kind === 'clock') this.#of(event.source, event.target).clock = event;
    if (event.kind === 'gap') this.#failed(event);
  }

  list(): CollectorTally[] {
    return [...this.#counts.values()].map((count) => ({
      name: count.name,
      target: count.target,
      ok: count.samples > 0 && !count.failing,
      samples: count.samples,
      gaps: count.gaps,
      costMs: count.samples === 0 ? 0 : Math.round((count.totalCostMs / count.samples) * 1000) / 1000,
      ...(count.clock === undefined
        ? {}
        : { clockOffsetMs: count.clock.offsetMs, clockErrorMs: count.clock.errorMs }),
      ...(count.lastError === undefined ? {} : { error: count.lastError }),
      ...(count.notApplicable ? { notApplicable: true as const } : {}),
    }));
  }

  #seen(name: string, target: string, costMs: number): void {
    const count = this.#of(name, target);
    count.samples += 1;
    count.totalCostMs += costMs;
    count.failing = false;
  }

  #failed({ source, target, error, notApplicable }: GapEvent): void {
    const count = this.#of(source, target);
    count.notApplicable = notApplicable === true;
    count.gaps += 1;
    count.lastError = error;
    count.failing = true;
  }

  #of(name: string, target: string): Count {
    const key = `${name}\n${target}`;
    let count = this.#counts.get(key);
    if (!count) {
      count = {
        name,
        target,
        samples: 0,
        gaps: 0,
        totalCostMs: 0,
        lastError: undefined,
        failing: false,
        notApplicable: false,
        clock: undefined,
      };
      this.#counts.set(key, count);
    }
    return count;
  }
}
