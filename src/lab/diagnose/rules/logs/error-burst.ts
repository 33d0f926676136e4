import { confidenceOf, separation } from '../../computed/confidence.ts';
import { counted, figure } from '../../computed/figures.ts';
import { loadAt, loadOverTime } from '../../computed/load-at.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { judgedLogs, type LoggedKind } from '../../computed/log-kinds-in-window.ts';
import { mean, rounded, shareWithin } from '../../computed/statistics.ts';
import { defineRule, type RuleOutcome } from '../../rule.ts';
import type { Evidence } from '../../../run-document.ts';

/** A rate this many standard deviations above the quiet time's is no accident (Shewhart's control limit). */
const sigmas = 3;
/** Of a rate that was nought: one entry in ten seconds is no storm. */
const leastSigmaPerSecond = 0.1;
/** Our own rule: so few are a coincidence, whatever rate they make in a short window. */
const fewestEntries = 5;
/** From then on it fails. */
const failingPerSecond = 1;
const listed = 3;

interface Step extends LoggedKind {
  perSecond: number;
  quietPerSecond: number;
  limitPerSecond: number;
}

/** Errors that a log tells under load, and did not before. */
export const errorBurst = defineRule({
  id: 'error-burst',
  area: 'logs',
  title: 'A log tells many more errors under load',
  requires: ['phases', 'log'],
  optional: ['load'],
  vetoedByGenerator: false,
  evaluate({ facts }): RuleOutcome {
    const logs = facts.get(judgedLogs);
    if ('reason' in logs) return { verdict: 'not-applicable', reason: logs.reason };
    const { kinds, windows } = logs;
    const load = facts.find(loadInWindow);
    const steps = kinds.filter(({ isError }) => isError).map(stepOf);
    const bursts = steps
      .filter(({ count, perSecond, limitPerSecond }) => count >= fewestEntries && perSecond > limitPerSecond)
      .toSorted((a, b) => b.perSecond - a.perSecond);
    const [worst] = bursts;
    if (worst === undefined) {
      const most = steps.reduce((highest, { perSecond }) => Math.max(highest, perSecond), 0);
      return {
        verdict: 'pass',
        value: rounded(most),
        unit: 'errors per second',
        confidence: confidenceOf({ samples: windows, ratio: 2, corroborated: true }),
        impact: 0,
        evidence: [
          {
            text: `No kind of error came ${sigmas} standard deviations more often than before the load; the most frequent one ${figure(most)} times a second.`,
            source: 'logs',
            chart: 'log-entries',
          },
        ],
        counterEvidence: [],
        advice: [],
      };
    }
    const samples = facts.find(loadOverTime) ?? [];
    const failures = load?.total.failures ?? 0;
    return {
      verdict: worst.perSecond >= failingPerSecond ? 'fail' : 'warn',
      value: rounded(worst.perSecond),
      unit: 'errors per second',
      confidence: confidenceOf({
        samples: worst.during.length,
        ratio: separation(worst.perSecond, worst.limitPerSecond),
        corroborated: failures > 0,
      }),
      impact: load === undefined ? 0 : rounded(shareWithin(worst.count, load.total.requests)),
      title: `${worst.target} logs ${figure(worst.perSecond)} ${worst.kind} a second`,
      evidence: [
        ...bursts.slice(0, listed).map((step) => evidenceOf(step, samples)),
        ...(load === undefined || load.total.requests === 0
          ? []
          : [
              {
                text: `That is ${figure(worst.count / load.total.requests)} for each of the ${counted(load.total.requests, 'request')}.`,
                source: 'load generator',
                chart: 'throughput',
              },
            ]),
        ...(failures === 0
          ? []
          : [
              {
                text: `Meanwhile ${counted(failures, 'request')} failed.`,
                source: 'load generator',
                chart: 'failures',
              },
            ]),
      ],
      counterEvidence:
        load !== undefined && failures === 0
          ? [{ text: 'No request failed meanwhile.', source: 'load generator', chart: 'failures' }]
          : [],
      advice: [
        `Read one of them whole: \`gaugeway logs errors\`; all kinds with an example are in \`logs.json\` of the run.`,
        'Look what else changed on the timeline at the second when it was seen first.',
      ],
    };
  },
});

function stepOf(kind: LoggedKind): Step {
  const quiet = mean(kind.before);
  // Counts of rare events scatter like the square root of their mean; more, where the log itself says so.
  const deviation = Math.sqrt(mean(kind.before.map((rate) => (rate - quiet) ** 2)));
  const sigma = Math.max(deviation, Math.sqrt(quiet), leastSigmaPerSecond);
  return {
    ...kind,
    perSecond: mean(kind.during),
    quietPerSecond: quiet,
    limitPerSecond: quiet + sigmas * sigma,
  };
}

function evidenceOf(step: Step, samples: Parameters<typeof loadAt>[0]): Evidence {
  const at = loadAt(samples, step.firstSeenMs);
  const when =
    at === undefined
      ? ''
      : `, seen first at ${counted(at.users, 'user')} and ${figure(at.requestsPerSecond)} requests a second`;
  const more = step.dropped === 0 ? '' : ` (${counted(step.dropped, 'further line')} were not read)`;
  return {
    text: `${step.target}: ${figure(step.count)} times \`${step.template}\`, ${figure(step.perSecond)} a second against ${figure(step.quietPerSecond)} before the load (limit ${figure(step.limitPerSecond)})${when}${more}.`,
    source: 'logs',
    chart: 'log-entries',
  };
}
