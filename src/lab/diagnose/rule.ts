import type { ArtifactName, Artifacts } from './artifacts.ts';
import type { Facts } from './computed/facts.ts';
import type { Evidence } from '../run-document.ts';

/** The layer that a rule looks at; also its folder under rules/. */
export const ruleAreas = [
  'load',
  'host',
  'gateway',
  'container',
  'postgres',
  'pgbouncer',
  'redis',
  'upstream',
  'nginx',
  'logs',
] as const;
export type RuleArea = (typeof ruleAreas)[number];

/** What a rule found. `pass` goes to the list of what was ruled out; `not-applicable` says why in `reason`. */
export type RuleOutcome =
  | {
      verdict: 'fail' | 'warn' | 'pass';
      /** The one figure the verdict rests on, in `unit`. */
      value: number | null;
      unit: string;
      /** 0..1, from how much was observed and how well it separates the causes. */
      confidence: number;
      /**
       * 0..1, ranks findings: the share of the response time that this explains or, where that is not known, of what
       * it uses up (a core, the connections, the requests).
       */
      impact: number;
      /** Says what was found, with its figure; defaults to the rule's title. */
      title?: string;
      evidence: Evidence[];
      counterEvidence: Evidence[];
      /** The most useful first. */
      advice: string[];
    }
  | { verdict: 'not-applicable'; reason: string };

/** What a rule is given: the artifacts it declared and nothing else, and the facts computed from them. */
export interface RuleInput<R extends ArtifactName, O extends ArtifactName = never> {
  artifacts: Pick<Artifacts, R> & Partial<Pick<Artifacts, O>>;
  facts: Facts<R, O>;
}

/**
 * A diagnosis: a pure function of declared artifacts. No clock, no randomness, no I/O, so that an analysis
 * repeats byte for byte. A rule whose required artifacts are missing is not run: the engine reports it as
 * not checked. An optional artifact corroborates; without it a rule answers with less confidence.
 */
export interface Rule<R extends ArtifactName = ArtifactName, O extends ArtifactName = ArtifactName> {
  /** The file's name without its ending. */
  readonly id: string;
  readonly area: RuleArea;
  /** Names the failing state, e.g. `Sequential scans of a large table`. */
  readonly title: string;
  readonly requires: readonly R[];
  readonly optional?: readonly O[];
  /** Latency findings say nothing when the load generator itself was saturated. */
  readonly vetoedByGenerator: boolean;
  evaluate(input: RuleInput<R, O>): RuleOutcome;
}

/** Checks a rule against its own declaration: `evaluate` sees only what `requires` and `optional` name. */
export function defineRule<const R extends ArtifactName, const O extends ArtifactName = never>(
  rule: Rule<R, O>,
): Rule<R, O> {
  return rule;
}
