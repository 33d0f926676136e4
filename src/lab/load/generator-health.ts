import { percent } from '../diagnose/computed/figures.ts';
import type { RunDocument } from '../run-document.ts';
import type { ObservedLoad } from '../timeline/samples.ts';
import { GeneratorMeter, lastingShare, recurringShare } from './generator-limits.ts';
import type { GeneratorJudgement, GeneratorSecond } from './generator-limits.ts';

/** One process that drives the load, with a name that can stand in a sentence. */
export interface JudgedProcess {
  name: string;
  judgement: GeneratorJudgement;
}

/** How the load generator fares: every process by itself, for one that is saturated spoils the figures of all. */
export class GeneratorHealth {
  readonly #together = new GeneratorMeter();
  readonly #processes = new Map<string, GeneratorMeter>();
  #isOurs = true;

  add({ generator, generators, workers = [], windowMs }: ObservedLoad): void {
    if (generator !== undefined) {
      this.#together.add(generator, windowMs);
      if (generators === undefined) this.#add('the generator', generator, windowMs);
      for (const vitals of generators ?? []) this.#add(`generator process ${vitals.pid}`, vitals, windowMs);
      return;
    }
    this.#isOurs = false;
    if (workers.length === 0) return;
    this.#together.add({ cpuPercent: Math.max(...workers.map(({ cpuPercent }) => cpuPercent)) }, windowMs);
    for (const { name, cpuPercent } of workers) this.#add(`worker ${name}`, { cpuPercent }, windowMs);
  }

  #add(name: string, second: GeneratorSecond, windowMs: number): void {
    let meter = this.#processes.get(name);
    if (meter === undefined) this.#processes.set(name, (meter = new GeneratorMeter()));
    meter.add(second, windowMs);
  }

  get processes(): number {
    return this.#processes.size;
  }

  /** False when another tool drives the load, which tells what it likes. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /** The process that is furthest beyond the limits; undefined when none told anything. */
  get worst(): JudgedProcess | undefined {
    const [worst] = [...this.#processes]
      .map(([name, meter]) => ({ name, judgement: meter.judgement }))
      .toSorted(
        ({ judgement: a }, { judgement: b }) =>
          b.wrongShare - a.wrongShare || b.disturbedShare - a.disturbedShare,
      );
    return worst;
  }

  /** As a run's result document holds it. */
  get summary(): RunDocument['load']['generator'] {
    const { worst } = this;
    return {
      ...this.#together.figures,
      saturated: worst === undefined ? null : worst.judgement.state === 'saturated',
      reasons: worst === undefined ? [] : reasonsOf(worst),
    };
  }
}

/** Stands behind every time that a saturated generator measured; empty for one that was not. */
export function doubtOf({ saturated }: RunDocument['load']['generator']): '!' | '' {
  return saturated ? '!' : '';
}

/** Sentences that name the process and what it was short of; none when it is sound. */
function reasonsOf({ name, judgement: { state, limits } }: JudgedProcess): string[] {
  if (state === 'sound') return [];
  return limits
    .filter(({ wrongShare, disturbedShare }) =>
      state === 'saturated' ? wrongShare >= lastingShare : disturbedShare >= recurringShare,
    )
    .map(
      ({ text, disturbedShare }) =>
        `${name} ${text}; over its limit in ${percent(disturbedShare)} of the time`,
    );
}
