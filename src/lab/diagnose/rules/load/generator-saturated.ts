import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, percent } from '../../computed/figures.ts';
import { generatorInWindow, lastingShare, recurringShare } from '../../computed/generator-in-window.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { rounded } from '../../computed/statistics.ts';
import { defineRule } from '../../rule.ts';

/** Whether the load generator was its own bottleneck; while it is, no latency figure can be believed. */
export const generatorSaturated = defineRule({
  id: 'generator-saturated',
  area: 'load',
  title: 'The load generator is saturated',
  requires: ['phases', 'load'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const { worst, processes, isOurs } = facts.get(generatorInWindow);
    if (worst === undefined && facts.get(loadInWindow) !== undefined) {
      return {
        verdict: 'not-applicable',
        reason: 'the tool that drives the load does not say how busy it is',
      };
    }
    if (worst === undefined || worst.judgement.readings < fewestSamples) {
      const readings = worst?.judgement.readings ?? 0;
      return {
        verdict: 'not-applicable',
        reason: `the generator was sampled ${counted(readings, 'time')} only`,
      };
    }
    const { state, readings, disturbedShare, wrongShare, limits, unknown } = worst.judgement;
    const untold = isOurs ? [] : unknown;
    const verdict = ({ saturated: 'fail', disturbed: 'warn', sound: 'pass' } as const)[state];
    const who = processes > 1 ? upperFirst(worst.name) : 'The generator';
    return {
      verdict,
      value: rounded(disturbedShare * 100),
      unit: '% of the seconds over a limit',
      confidence: confidenceOf({
        samples: readings,
        ratio:
          verdict === 'fail'
            ? separation(wrongShare, lastingShare)
            : separation(disturbedShare, recurringShare),
        corroborated:
          (verdict === 'pass' && untold.length === 0) ||
          limits.filter((limit) => limit.disturbedShare >= recurringShare).length > 1,
      }),
      impact: verdict === 'pass' ? 0 : rounded(disturbedShare),
      ...(verdict === 'warn'
        ? { title: 'The load generator was disturbed, so latencies look higher than they are' }
        : {}),
      evidence: limits.map(({ name, chart, text, disturbedShare: share }) => ({
        text: `${who} ${text}; over its limit in ${percent(share)} of ${counted(readings, 'second')} (${name}).`,
        source: 'load generator',
        chart,
      })),
      counterEvidence: untold.map((name) => ({
        text: `The tool that drives the load does not tell its ${name}.`,
        source: 'load generator',
      })),
      advice: adviceFor(verdict, limits[0]?.name),
    };
  },
});

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function adviceFor(verdict: 'fail' | 'warn' | 'pass', worstLimit: string | undefined): string[] {
  if (verdict === 'pass') return [];
  return [
    ...(verdict === 'fail'
      ? ['Do not trust the latencies of this run; run fewer users, or a longer think time.']
      : []),
    worstLimit === 'sockets'
      ? 'Let the generator open more files (`ulimit -n`), or share the users among several processes with `--processes` or among machines.'
      : 'Share the users among several processes with `--processes`, one for each core that is free, or run the generator on another machine than the target.',
  ];
}
