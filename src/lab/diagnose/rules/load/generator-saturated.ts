import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { generatorSeconds } from '../../computed/load-in-window.ts';
import { mean, median, rounded, shareOf, sum } from '../../computed/statistics.ts';
import { defineRule } from '../../rule.ts';
import type { GeneratorVitals } from '../../../timeline/samples.ts';

/** A generator that uses more of its one core than this queues its own requests; k6 advises to keep below 80 %. */
const busyCpuPercent = 80;
/** From this delay on, the generator's own loop adds noticeably to what it measures. */
const slowLoopMs = 50;
/** Requests that start late make a closed load lighter than it claims; a second with a tenth of them is a late one. */
const lateShare = 0.1;
/** The load as a whole should start no more than this late. */
const lateShareOfAll = 0.01;
/** Half of the seconds show a state; a fifth shows a tendency. Single seconds are other programs' blips. */
const lastingShare = 0.5;
const recurringShare = 0.2;

const signs = [
  {
    name: 'CPU',
    chart: 'cpu',
    bad: ({ cpuPercent }: GeneratorVitals): boolean => cpuPercent > busyCpuPercent,
    text: (seconds: readonly GeneratorVitals[]): string =>
      `used ${figure(mean(seconds.map(({ cpuPercent }) => cpuPercent)))} % of one core on average (limit ${busyCpuPercent} %)`,
  },
  {
    name: 'event loop',
    chart: 'event-loop-delay',
    bad: ({ eventLoopDelayP99Ms }: GeneratorVitals): boolean => eventLoopDelayP99Ms > slowLoopMs,
    text: (seconds: readonly GeneratorVitals[]): string =>
      `had an event-loop delay (p99) of ${figure(median(seconds.map((each) => each.eventLoopDelayP99Ms)))} ms in the median second (limit ${slowLoopMs} ms)`,
  },
  {
    name: 'late starts',
    chart: 'throughput',
    bad: ({ lateStarts, plannedStarts }: GeneratorVitals): boolean => lateStarts > plannedStarts * lateShare,
    text: (seconds: readonly GeneratorVitals[]): string =>
      `started ${percent(lateShareOf(seconds))} of its requests late (limit ${percent(lateShareOfAll)})`,
  },
];

/** Whether the load generator was its own bottleneck; while it is, no latency figure can be believed. */
export const generatorSaturated = defineRule({
  id: 'generator-saturated',
  area: 'load',
  title: 'The load generator is saturated',
  requires: ['phases', 'load'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const seconds = facts.get(generatorSeconds);
    if (seconds.length < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `the generator was sampled ${counted(seconds.length, 'time')} only`,
      };
    }
    const judged = signs
      .map((sign) => ({ ...sign, share: shareOf(seconds, sign.bad) }))
      .toSorted((a, b) => b.share - a.share);
    const worst = judged[0]?.share ?? 0;
    const late = lateShareOf(seconds) > lateShareOfAll;
    const verdict = worst >= lastingShare ? 'fail' : worst >= recurringShare || late ? 'warn' : 'pass';
    const threshold = verdict === 'fail' ? lastingShare : recurringShare;
    return {
      verdict,
      value: rounded(worst * 100),
      unit: '% of the seconds over a limit',
      confidence: confidenceOf({
        samples: seconds.length,
        ratio: separation(worst, threshold),
        corroborated: verdict === 'pass' || judged.filter(({ share }) => share >= recurringShare).length > 1,
      }),
      impact: verdict === 'pass' ? 0 : worst,
      evidence: judged.map(({ name, chart, share, text }) => ({
        text: `The generator ${text(seconds)}; over its limit in ${percent(share)} of ${counted(seconds.length, 'second')} (${name}).`,
        source: 'load generator',
        chart,
      })),
      counterEvidence: [],
      advice:
        verdict === 'pass'
          ? []
          : [
              'Do not trust the latencies of this run; run fewer users, or a longer think time.',
              'Give the generator a core of its own, or run it on another machine than the target.',
            ],
    };
  },
});

function lateShareOf(seconds: readonly GeneratorVitals[]): number {
  const planned = sum(seconds.map(({ plannedStarts }) => plannedStarts));
  return planned === 0 ? 0 : sum(seconds.map(({ lateStarts }) => lateStarts)) / planned;
}
