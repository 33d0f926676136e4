import { diagnose } from '../../src/lab/diagnose/diagnose.ts';
import type { ArtifactName, ArtifactSlots } from '../../src/lab/diagnose/artifacts.ts';
import type { Rule } from '../../src/lab/diagnose/rule.ts';
import type { Finding } from '../../src/lab/run-document.ts';

/** What one rule says about one run; `reason` when it was not checked. */
export type Judgement = Finding | { verdict: 'not-checked'; reason: string };

export function judge(rule: Rule, slots: ArtifactSlots): Judgement {
  const { findings, ruledOut, notChecked } = diagnose(slots, [rule]);
  const finding = [...findings, ...ruledOut][0];
  if (finding !== undefined) return finding;
  return { verdict: 'not-checked', reason: notChecked[0]?.reason ?? '' };
}

/** The finding of a rule that must have one. */
export function findingOf(rule: Rule, slots: ArtifactSlots): Finding {
  const judgement = judge(rule, slots);
  if (judgement.verdict === 'not-checked') throw new Error(`${rule.id} was not checked: ${judgement.reason}`);
  return judgement;
}

/** The run without one source. */
export function without(slots: ArtifactSlots, name: ArtifactName, reason = 'was not given'): ArtifactSlots {
  return { ...slots, [name]: { status: 'absent', reason } };
}

/** The noise levels that every rule has to keep its head at: quiet, ordinary, and a badly shared machine. */
export const noiseLevels = [0, 0.3, 0.6, 1];
export const seeds = [1, 2, 3, 4, 5];
