import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { rounded } from '../../computed/statistics.ts';
import {
  containerThrottling,
  processThrottling,
  type Throttling,
  throttledShareLimit,
} from '../../computed/throttling.ts';
import { limitTable } from '../../../look/limits.ts';
import { defineRule } from '../../rule.ts';
import type { Evidence } from '../../../run-document.ts';

const fewestThrottledPeriods = limitTable['stats.throttled.periods'].value;

/** A CPU limit that stops a part of the stack: it is slow while it looks idle, whatever its code does. */
export const cpuThrottled = defineRule({
  id: 'cpu-throttled',
  area: 'container',
  title: 'A CPU limit stops a part of the stack',
  requires: ['phases'],
  optional: ['container', 'process'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const limited = [...(facts.find(containerThrottling) ?? []), ...(facts.find(processThrottling) ?? [])]
      .filter(({ role }) => role !== 'load')
      .toSorted((a, b) => b.share - a.share);
    const [worst] = limited;
    if (worst === undefined) {
      return { verdict: 'not-applicable', reason: 'no container or process with a CPU limit was given' };
    }
    if (worst.samples < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `${worst.target} was sampled ${counted(worst.samples, 'time')} only`,
      };
    }
    const stopped = worst.share >= throttledShareLimit && worst.throttledPeriods >= fewestThrottledPeriods;
    return {
      verdict: stopped ? 'fail' : 'pass',
      value: rounded(worst.share * 100),
      unit: '% of periods',
      confidence: confidenceOf({
        samples: worst.samples,
        ratio: separation(worst.share, throttledShareLimit),
        // The kernel counts every period itself: nothing needs to show it again.
        corroborated: true,
      }),
      impact: stopped ? rounded(Math.min(1, worst.share)) : 0,
      ...(stopped
        ? { title: `${worst.target} is stopped by its CPU limit in ${percent(worst.share)} of the periods` }
        : {}),
      evidence: [
        evidenceOf(worst),
        ...(stopped ? [idleLook(worst)] : []),
        ...(stopped
          ? limited
              .slice(1)
              .filter(({ share }) => share >= throttledShareLimit)
              .map(evidenceOf)
          : []),
      ],
      counterEvidence: [],
      advice: stopped
        ? [
            `Raise the CPU limit of ${worst.target} (now ${figure(worst.limitCores)} cores), or run more replicas: while it stands still no change of its code helps.`,
            'Measure again before you read a CPU profile or an event-loop delay of it: both show the pauses as if they were its own.',
          ]
        : [],
    };
  },
});

function evidenceOf(throttling: Throttling): Evidence {
  const { target, limitCores, throttledPeriods, periods, share, throttledMsPerS } = throttling;
  return {
    text: `${target} may use ${figure(limitCores)} cores and had used them up in ${figure(throttledPeriods)} of ${counted(periods, 'period')}, ${percent(share)} (limit ${percent(throttledShareLimit)}); its tasks stood still for ${figure(throttledMsPerS)} ms of each second, added.`,
    source: 'control group',
    chart: 'throttled',
  };
}

function idleLook({ pid, meanCpuPercent, limitCores }: Throttling): Evidence {
  return {
    text: `It used ${figure(meanCpuPercent)} % of a core of the ${figure(limitCores * 100)} % that it may.`,
    source: pid === undefined ? 'container' : '/proc',
    chart: pid === undefined ? 'container-cpu' : 'cpu',
  };
}
