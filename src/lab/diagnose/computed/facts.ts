import { artifactNames } from '../artifacts.ts';
import type { ArtifactName, Artifacts, ArtifactSlots, Slot } from '../artifacts.ts';

/**
 * A fact is derived from artifacts, named by what it computes, and memoised per analysis, so that rules
 * share the expensive parts without an order among them.
 */
export interface Fact<R extends ArtifactName, T> {
  readonly requires: readonly R[];
  /** The fact of one analysis: computed at most once, from the required artifacts and nothing else. */
  of(analysis: Analysis, artifacts: Pick<Artifacts, R>): T;
}

/** Gives a fact to a rule that may see at least what the fact needs. */
export interface Facts<R extends ArtifactName, O extends ArtifactName = never> {
  get<F extends R, T>(fact: Fact<F, T>): T;
  /** A fact that needs an optional artifact; undefined when the run does not have it. */
  find<F extends R | O, T>(fact: Fact<F, T>): T | undefined;
}

/** One pass over one bundle: the artifacts it really has, and the identity that facts are memoised by. */
export class Analysis {
  readonly #present: Partial<Artifacts>;

  constructor(slots: ArtifactSlots) {
    this.#present = presentArtifacts(slots);
  }

  /** The named artifacts, and only those; undefined when one of them is missing. */
  pick<R extends ArtifactName>(names: readonly R[]): Pick<Artifacts, R> | undefined {
    const picked = Object.fromEntries(
      Object.entries(this.#present).filter(([name]) => names.some((wanted) => wanted === name)),
    );
    return holdsAll(picked, names) ? picked : undefined;
  }

  /** Those of the named artifacts that the run has. */
  pickPresent<O extends ArtifactName>(names: readonly O[]): Partial<Pick<Artifacts, O>> {
    const present = names.filter((name) => this.#present[name] !== undefined);
    return this.pick(present) ?? {};
  }

  /** The facts for a reader that declared `R` (all present) and may look at `O`. */
  facts<R extends ArtifactName, O extends ArtifactName>(): Facts<R, O> {
    return {
      get: (fact) => {
        const artifacts = this.pick(fact.requires);
        if (artifacts === undefined) throw new Error(`a fact needs ${fact.requires.join(', ')}`);
        return fact.of(this, artifacts);
      },
      find: (fact) => {
        const artifacts = this.pick(fact.requires);
        return artifacts === undefined ? undefined : fact.of(this, artifacts);
      },
    };
  }
}

/** Declares a fact; `compute` may use other facts over the same artifacts. */
export function defineFact<const R extends ArtifactName, T>(
  requires: readonly R[],
  compute: (artifacts: Pick<Artifacts, R>, facts: Facts<R>) => T,
): Fact<R, T> {
  const memo = new WeakMap<Analysis, { value: T }>();
  return {
    requires,
    of(analysis, artifacts) {
      const known = memo.get(analysis);
      if (known !== undefined) return known.value;
      const value = compute(artifacts, analysis.facts<R, never>());
      memo.set(analysis, { value });
      return value;
    },
  };
}

function holdsAll<R extends ArtifactName>(
  artifacts: Partial<Artifacts>,
  names: readonly R[],
): artifacts is Partial<Artifacts> & Pick<Artifacts, R> {
  return names.every((name) => artifacts[name] !== undefined);
}

function presentArtifacts(slots: ArtifactSlots): Partial<Artifacts> {
  const present: Partial<Artifacts> = {};
  for (const name of artifactNames) take(present, name, slots[name]);
  return present;
}

function take<K extends ArtifactName>(present: Partial<Artifacts>, name: K, slot: Slot<Artifacts[K]>): void {
  if (slot.status === 'ok') present[name] = slot.value;
}
