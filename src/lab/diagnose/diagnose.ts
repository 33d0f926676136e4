import { messageOf } from '../../shared/errors.ts';
import type { ArtifactName, ArtifactSlots } from './artifacts.ts';
import { Analysis } from './computed/facts.ts';
import { rank } from './rank.ts';
import type { Rule, RuleOutcome } from './rule.ts';
import { rules as allRules } from './rules/index.ts';
import type { Finding, RunDocument } from '../run-document.ts';

/** The part of the result document that an analysis fills in. */
export type Diagnosis = Pick<RunDocument, 'findings' | 'ruledOut' | 'notChecked'>;

type NotChecked = Diagnosis['notChecked'][number];
type Checked = { finding: Finding } | { notChecked: NotChecked };

/** The rule whose failing silences the rules with `vetoedByGenerator`. */
const generatorRuleId = 'generator-saturated';

/**
 * Says what limits the run: every rule over the folded bundle, the likeliest cause first. Pure and
 * deterministic, so that the same bundle gives the same findings byte for byte. A rule is given its declared
 * artifacts only. One that misses a required artifact is not checked, with the reason; one whose artifact
 * could not be read, or that throws, is a finding with the verdict `error`; neither ever ends the analysis.
 */
export function diagnose(slots: ArtifactSlots, rules: readonly Rule[] = allRules): Diagnosis {
  const analysis = new Analysis(slots);
  const checked = rules.map((rule) => ({ rule, result: check(rule, slots, analysis) }));
  const generatorSaturated = checked.some(
    ({ rule, result }) =>
      rule.id === generatorRuleId && 'finding' in result && result.finding.verdict === 'fail',
  );
  const findings: Finding[] = [];
  const notChecked: NotChecked[] = [];
  for (const { rule, result } of checked) {
    if ('notChecked' in result) notChecked.push(result.notChecked);
    else if (generatorSaturated && rule.vetoedByGenerator && result.finding.verdict !== 'error')
      notChecked.push(
        skipped(rule, 'the load generator was saturated, so its latency figures prove nothing'),
      );
    else findings.push(result.finding);
  }
  return {
    findings: rank(findings.filter(({ verdict }) => verdict !== 'pass')),
    ruledOut: rank(findings.filter(({ verdict }) => verdict === 'pass')),
    notChecked,
  };
}

function check<R extends ArtifactName, O extends ArtifactName>(
  rule: Rule<R, O>,
  slots: ArtifactSlots,
  analysis: Analysis,
): Checked {
  for (const name of rule.requires) {
    const slot = slots[name];
    if (slot.status === 'error')
      return { finding: failedCheck(rule, `${name} could not be read: ${slot.error}`) };
    if (slot.status === 'absent') return { notChecked: skipped(rule, slot.reason) };
  }
  const required = analysis.pick(rule.requires);
  if (required === undefined) return { notChecked: skipped(rule, `needs ${rule.requires.join(', ')}`) };
  const artifacts = { ...required, ...analysis.pickPresent(rule.optional ?? []) };
  try {
    return judged(rule, rule.evaluate({ artifacts, facts: analysis.facts<R, O>() }));
  } catch (error) {
    return { finding: failedCheck(rule, `the rule failed: ${messageOf(error)}`) };
  }
}

function judged(rule: Pick<Rule, 'id' | 'title'>, outcome: RuleOutcome): Checked {
  if (outcome.verdict === 'not-applicable') return { notChecked: skipped(rule, outcome.reason) };
  return {
    finding: {
      ruleId: rule.id,
      verdict: outcome.verdict,
      title: outcome.title ?? rule.title,
      value: outcome.value,
      unit: outcome.unit,
      confidence: outcome.confidence,
      impact: outcome.impact,
      evidence: outcome.evidence,
      counterEvidence: outcome.counterEvidence,
      advice: outcome.advice,
    },
  };
}

function failedCheck(rule: Pick<Rule, 'id' | 'title'>, problem: string): Finding {
  return {
    ruleId: rule.id,
    verdict: 'error',
    title: `Could not check: ${rule.title}`,
    value: null,
    unit: '',
    confidence: 0,
    impact: 0,
    evidence: [{ text: problem, source: 'analysis' }],
    counterEvidence: [],
    advice: [],
  };
}

function skipped(rule: Pick<Rule, 'id' | 'title'>, reason: string): NotChecked {
  return { ruleId: rule.id, title: rule.title, reason };
}
