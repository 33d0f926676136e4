import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { processCpu } from '../../computed/gateway-processes.ts';
import { containerCpu, stackCpuPercent } from '../../computed/stack-cpu.ts';
import { mean, rounded, shareWithin, sum } from '../../computed/statistics.ts';
import { loadSamplesIn, samplesIn, steadyWindow, type Window } from '../../computed/window.ts';
import { defineRule } from '../../rule.ts';
import type { Series } from '../../artifacts.ts';

/** Of all cores. Our own rule: with a tenth left on average, what becomes ready to run often waits for a core. */
const usedUpShare = 0.9;
/** Of what is used. Our own rule: below a quarter, what is not sampled (kernel threads, short processes) explains it. */
const foreignShare = 0.25;

/** A machine without CPU to spare: everything on it waits, whatever its own figures say. */
export const cpuUsedUp = defineRule({
  id: 'cpu-used-up',
  area: 'host',
  title: 'The CPU of the machine is used up',
  requires: ['phases', 'host'],
  optional: ['process', 'container', 'load'],
  vetoedByGenerator: false,
  evaluate({ artifacts, facts }) {
    const window = facts.get(steadyWindow);
    const samples =
      window === undefined ? [] : [...artifacts.host.values()].flatMap((series) => samplesIn(series, window));
    const [first] = samples;
    if (first === undefined || samples.length < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `the machine was sampled ${counted(samples.length, 'time')} only`,
      };
    }
    const { cores } = first.data;
    const usedPercent = mean(samples.map(({ data }) => data.cpuPercent));
    const used = shareWithin(usedPercent, cores * 100);
    const processes = facts.find(processCpu) ?? [];
    const containers = facts.find(containerCpu) ?? [];
    const isStackWatched = processes.length + containers.length > 0;
    const stackPercent = stackCpuPercent(processes, containers);
    const loadPercent = window === undefined ? 0 : loadCpuPercent(artifacts.load, window);
    const foreign = isStackWatched ? shareWithin(usedPercent - stackPercent - loadPercent, usedPercent) : 0;
    const usedUp = used >= usedUpShare;
    const whose = foreign >= foreignShare ? `, ${percent(foreign)} of it by programs outside the stack` : '';
    return {
      verdict: usedUp ? 'warn' : 'pass',
      value: rounded(used * 100),
      unit: '% of all cores',
      confidence: confidenceOf({
        samples: samples.length,
        ratio: separation(used, usedUpShare),
        corroborated: isStackWatched,
      }),
      impact: usedUp ? rounded(used) : 0,
      ...(usedUp
        ? {
            title: `The CPU of the machine is used up (${percent(used)} of ${counted(cores, 'core')})${whose}`,
          }
        : {}),
      evidence: [
        {
          text: `${percent(used)} of ${counted(cores, 'core')} were used on average (limit ${percent(usedUpShare)}).`,
          source: '/proc/stat',
          chart: 'cpu',
        },
        ...(usedUp && isStackWatched
          ? [
              {
                text: `The stack used ${figure(stackPercent)} % of a core together, the load generator ${figure(loadPercent)} %.`,
                source: containers.length === 0 ? '/proc' : '/proc and control groups',
                chart: 'cpu',
              },
            ]
          : []),
      ],
      counterEvidence: [],
      advice: !usedUp
        ? []
        : foreign >= foreignShare
          ? ['Measure again when nothing else runs here: every response time holds the wait for a core.']
          : [
              'Drive the load from another machine, or give the stack more cores.',
              'Make the process cheaper that uses the most; see the CPU chart.',
            ],
    };
  },
});

/** Of all processes that drive the load here. */
function loadCpuPercent(load: Series<'load'> | undefined, window: Window): number {
  const samples = [...(load?.values() ?? [])].flatMap((series) => loadSamplesIn(series, window));
  return mean(
    samples.map(({ data: { generator, generators, workers = [] } }) =>
      sum(
        [...(generators ?? (generator === undefined ? [] : [generator])), ...workers].map(
          (each) => each.cpuPercent,
        ),
      ),
    ),
  );
}
