import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { counterGrowth, rounded } from '../../computed/statistics.ts';
import { readingsIn, steadyWindow } from '../../computed/window.ts';
import { limitTable } from '../../../look/limits.ts';
import { defineRule } from '../../rule.ts';

/** Share of its limit from which little is left until the kernel kills. */
const nearLimit = limitTable['stats.memory-of-limit'].value / 100;

/** A container that was, or is about to be, killed for want of the memory that it may use. */
export const memoryNearLimit = defineRule({
  id: 'memory-near-limit',
  area: 'container',
  title: 'A container runs out of the memory that it may use',
  requires: ['phases', 'container'],
  vetoedByGenerator: false,
  evaluate({ artifacts: { container }, facts }) {
    const window = facts.get(steadyWindow);
    if (window === undefined) return { verdict: 'not-applicable', reason: 'there was no load' };
    const limited = [...container].flatMap(([target, series]) => {
      const samples = readingsIn(series, window).map(({ data }) => data);
      const limitBytes = samples.at(-1)?.memoryLimitBytes ?? null;
      if (limitBytes === null || samples.length < fewestSamples) return [];
      const peakBytes = Math.max(...samples.map(({ memoryBytes }) => memoryBytes));
      const kills = counterGrowth(samples.flatMap(({ oomKills }) => oomKills ?? []));
      return [
        { target, samples: samples.length, limitBytes, peakBytes, kills, share: peakBytes / limitBytes },
      ];
    });
    const [worst] = limited.toSorted((a, b) => b.kills - a.kills || b.share - a.share);
    if (worst === undefined) {
      return { verdict: 'not-applicable', reason: 'no container with a limit of its memory was given' };
    }
    const verdict = worst.kills > 0 ? 'fail' : worst.share >= nearLimit ? 'warn' : 'pass';
    return {
      verdict,
      value: rounded(worst.share * 100),
      unit: '% of its limit',
      confidence: confidenceOf({
        samples: worst.samples,
        ratio: worst.kills > 0 ? 2 : separation(worst.share, nearLimit),
        corroborated: true,
      }),
      impact: verdict === 'pass' ? 0 : rounded(Math.min(1, worst.share)),
      ...(verdict === 'pass'
        ? {}
        : {
            title:
              worst.kills > 0
                ? `${worst.target} ran out of memory: the kernel killed ${counted(worst.kills, 'time')}`
                : `${worst.target} uses ${percent(worst.share)} of the memory that it may`,
          }),
      evidence: [
        {
          text: `${worst.target} used at most ${figure(worst.peakBytes / 1e6)} MB of the ${figure(worst.limitBytes / 1e6)} MB that it may, ${percent(worst.share)} (limit ${percent(nearLimit)}), page cache not counted.`,
          source: 'control group',
          chart: 'container-memory',
        },
        ...(worst.kills > 0
          ? [
              {
                text: `The kernel killed for want of memory in it ${counted(worst.kills, 'time')}.`,
                source: 'control group',
              },
            ]
          : []),
      ],
      counterEvidence: [],
      advice:
        verdict === 'pass'
          ? []
          : [
              `Find what ${worst.target} keeps (a heap snapshot, the number of its workers, its caches), or raise its limit.`,
            ],
    };
  },
});
