import type { ArtifactName, Artifacts } from '../artifacts.ts';

/**
 * A fact is derived from artifacts, named by what it computes, and memoised per analysis, so that rules
 * share the expensive parts without an order among them.
 */
export interface Fact<R extends ArtifactName, T> {
  readonly requires: readonly R[];
  compute(artifacts: Pick<Artifacts, R>, facts: Facts<R>): T;
}

/** Gives a fact to a rule that may see at least what the fact needs. */
export interface Facts<R extends ArtifactName> {
  get<F extends R, T>(fact: Fact<F, T>): T;
}
