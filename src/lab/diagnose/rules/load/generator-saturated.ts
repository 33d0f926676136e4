import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { generatorSeconds, loadInWindow, type GeneratorSecond } from '../../computed/load-in-window.ts';
import { mean, median, rounded, shareOf, sum } from '../../computed/statistics.ts';
import { defineRule } from '../../rule.ts';

/**
 * What a second of the generator is held against: beyond `limit` it is disturbed, beyond `hardLimit` its figures
 * are wrong. 80 % of a core is what k6 advises (leave a fifth of the CPU idle); the others are our own, and the hard
 * ones are wide enough for a machine that other programs use too.
 */
const signs = [
  {
    name: 'CPU',
    chart: 'cpu',
    value: ({ cpuPercent }: GeneratorSecond): number | undefined => cpuPercent,
    limit: 80,
    hardLimit: 90,
    text: (seconds: readonly GeneratorSecond[]): string =>
      `used ${figure(mean(seconds.map(({ cpuPercent }) => cpuPercent)))} % of one core on average (limit 80 %)`,
  },
  {
    name: 'event loop',
    chart: 'event-loop-delay',
    value: ({ eventLoopDelayP99Ms }: GeneratorSecond): number | undefined => eventLoopDelayP99Ms,
    limit: 50,
    hardLimit: 100,
    text: (seconds: readonly GeneratorSecond[]): string =>
      `had an event-loop delay (p99) of ${figure(median(seconds.map((each) => each.eventLoopDelayP99Ms ?? 0)))} ms in the median second (limit 50 ms)`,
  },
  {
    name: 'late starts',
    chart: 'throughput',
    value: ({ lateStarts, plannedStarts }: GeneratorSecond): number | undefined =>
      lateStarts === undefined || plannedStarts === undefined
        ? undefined
        : plannedStarts === 0
          ? 0
          : lateStarts / plannedStarts,
    limit: 0.05,
    hardLimit: 0.25,
    text: (seconds: readonly GeneratorSecond[]): string =>
      `started ${percent(lateShareOf(seconds))} of its requests late (limit 5 % of a second's)`,
  },
];
/** Half of the seconds show a state; a fifth shows a tendency. Single seconds are other programs' blips. */
const lastingShare = 0.5;
const recurringShare = 0.2;

/** Whether the load generator was its own bottleneck; while it is, no latency figure can be believed. */
export const generatorSaturated = defineRule({
  id: 'generator-saturated',
  area: 'load',
  title: 'The load generator is saturated',
  requires: ['phases', 'load'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const seconds = facts.get(generatorSeconds);
    if (seconds.length === 0 && facts.get(loadInWindow) !== undefined) {
      return {
        verdict: 'not-applicable',
        reason: 'the tool that drives the load does not say how busy it is',
      };
    }
    if (seconds.length < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `the generator was sampled ${counted(seconds.length, 'time')} only`,
      };
    }
    const known = signs.filter((sign) => seconds.every((second) => sign.value(second) !== undefined));
    const judged = known
      .map((sign) => ({
        ...sign,
        disturbedShare: shareOf(seconds, (second) => (sign.value(second) ?? 0) > sign.limit),
        wrongShare: shareOf(seconds, (second) => (sign.value(second) ?? 0) > sign.hardLimit),
      }))
      .toSorted((a, b) => b.wrongShare - a.wrongShare || b.disturbedShare - a.disturbedShare);
    const wrong = Math.max(...judged.map(({ wrongShare }) => wrongShare));
    const disturbed = Math.max(...judged.map(({ disturbedShare }) => disturbedShare));
    const saturated = wrong >= lastingShare;
    const impaired = disturbed >= recurringShare;
    const verdict = saturated ? 'fail' : impaired ? 'warn' : 'pass';
    return {
      verdict,
      value: rounded(disturbed * 100),
      unit: '% of the seconds over a limit',
      confidence: confidenceOf({
        samples: seconds.length,
        ratio: saturated ? separation(wrong, lastingShare) : separation(disturbed, recurringShare),
        corroborated:
          (verdict === 'pass' && known.length === signs.length) ||
          judged.filter(({ disturbedShare }) => disturbedShare >= recurringShare).length > 1,
      }),
      impact: verdict === 'pass' ? 0 : rounded(disturbed),
      ...(verdict === 'warn'
        ? { title: 'The load generator was disturbed, so latencies look higher than they are' }
        : {}),
      evidence: judged.map(({ name, chart, disturbedShare, text }) => ({
        text: `The generator ${text(seconds)}; over its limit in ${percent(disturbedShare)} of ${counted(seconds.length, 'second')} (${name}).`,
        source: 'load generator',
        chart,
      })),
      counterEvidence: signs
        .filter((sign) => !known.includes(sign))
        .map(({ name }) => ({
          text: `The tool that drives the load does not tell its ${name}.`,
          source: 'load generator',
        })),
      advice: adviceFor(verdict),
    };
  },
});

function adviceFor(verdict: 'fail' | 'warn' | 'pass'): string[] {
  if (verdict === 'pass') return [];
  return [
    ...(verdict === 'fail'
      ? ['Do not trust the latencies of this run; run fewer users, or a longer think time.']
      : []),
    'Give the generator a core of its own, or run it on another machine than the target.',
  ];
}

function lateShareOf(seconds: readonly GeneratorSecond[]): number {
  const planned = sum(seconds.map(({ plannedStarts = 0 }) => plannedStarts));
  return planned === 0 ? 0 : sum(seconds.map(({ lateStarts = 0 }) => lateStarts)) / planned;
}
