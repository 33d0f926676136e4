import { type LeakVerdict, leakVerdict } from '../../../heap/leak-verdict.ts';
import { figure } from '../../computed/figures.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { rounded } from '../../computed/statistics.ts';
import { elapsedS, samplesIn, steadyWindow, type Window } from '../../computed/window.ts';
import type { Timed } from '../../artifacts.ts';
import { defineRule } from '../../rule.ts';

/** In less, garbage that was not collected yet and warm-up look as a leak does. */
const shortestS = 180;

type Kind = 'heap' | 'external' | 'resident';

interface Judged {
  target: string;
  kind: Kind;
  verdict: LeakVerdict;
  levelBytes: number;
}

const kindWords: Record<Kind, string> = {
  heap: 'JavaScript heap',
  external: 'memory outside of the JavaScript heap (buffers)',
  resident: 'resident memory',
};
const charts: Record<Kind, string> = { heap: 'js-heap', external: 'external-memory', resident: 'memory' };

/** A gateway process whose memory grows under a steady load without an end in sight. */
export const memoryGrowing = defineRule({
  id: 'memory-growing',
  area: 'gateway',
  title: 'The memory of a gateway process keeps growing',
  requires: ['phases', 'process'],
  optional: ['node', 'load'],
  vetoedByGenerator: false,
  evaluate({ artifacts: { process, node }, facts }) {
    const window = facts.get(steadyWindow);
    if (window === undefined || !window.steady) {
      return { verdict: 'not-applicable', reason: 'there was no steady load, and memory follows the load' };
    }
    const gateways = [...process].filter(([, series]) => series.at(-1)?.data.role === 'gateway');
    if (gateways.length === 0) return { verdict: 'not-applicable', reason: 'no gateway process was sampled' };
    const watchedS = Math.max(...gateways.map(([, series]) => elapsedS(samplesIn(series, window))));
    if (watchedS < shortestS) {
      return {
        verdict: 'not-applicable',
        reason: `the load was steady for ${figure(Math.round(watchedS))} s; a leak is told from warm-up in ${shortestS} s or more`,
      };
    }
    const judged = gateways.flatMap(([target, series]) => [
      judge(target, 'resident', series, window, ({ rssBytes }) => rssBytes),
      ...(['heap', 'external'] as const).flatMap((kind) => {
        const readings = node?.get(target);
        return readings === undefined
          ? []
          : [
              judge(target, kind, readings, window, (sample) =>
                kind === 'heap' ? sample.heapUsedBytes : sample.externalBytes,
              ),
            ];
      }),
    ]);
    const growing = judged
      .filter(({ verdict }) => verdict.verdict === 'growing')
      .toSorted((a, b) => b.verdict.bytesPerMinute - a.verdict.bytesPerMinute);
    // What lies within the process names the cause; the resident memory follows from it.
    const inside = growing.find(({ kind }) => kind !== 'resident');
    const worst = inside ?? growing[0];
    if (worst === undefined) {
      const unclear = judged.find(({ verdict }) => verdict.verdict === 'unclear');
      if (unclear !== undefined && judged.every(({ verdict }) => verdict.verdict !== 'steady')) {
        return { verdict: 'not-applicable', reason: `${unclear.target}: ${unclear.verdict.reason}` };
      }
      return {
        verdict: 'pass',
        value: 0,
        unit: 'MB/min',
        confidence: rounded(Math.min(...judged.map(({ verdict }) => verdict.confidence || 1))),
        impact: 0,
        evidence: judged.map((each) => evidenceOf(each)),
        counterEvidence: [],
        advice: [],
      };
    }
    // That resident memory grows as well is the second source; alone, it may be the system's caches and fragments.
    const corroborated = growing.some(({ target, kind }) => target === worst.target && kind !== worst.kind);
    const megabytesPerMinute = worst.verdict.bytesPerMinute / 1e6;
    const requests = facts.find(loadInWindow);
    const perRequestBytes =
      requests === undefined || requests.total.requests === 0
        ? undefined
        : (worst.verdict.bytesPerMinute / 60) * (requests.seconds / requests.total.requests);
    return {
      verdict: 'warn',
      value: rounded(megabytesPerMinute),
      unit: 'MB/min',
      confidence: rounded(worst.verdict.confidence * (corroborated ? 1 : 0.75)),
      impact: rounded(Math.min(1, (worst.verdict.bytesPerMinute * 60) / (worst.levelBytes * 10))),
      title: `The ${kindWords[worst.kind]} of ${worst.target} grows by ${figure(megabytesPerMinute)} MB a minute`,
      evidence: [
        evidenceOf(worst),
        ...growing
          .filter((each) => each !== worst && each.target === worst.target)
          .map((each) => evidenceOf(each)),
        ...(perRequestBytes === undefined
          ? []
          : [
              {
                text: `That is ${figure(perRequestBytes)} bytes for each request of the load.`,
                source: 'load generator',
              },
            ]),
      ],
      counterEvidence: [
        ...judged
          .filter(({ target, verdict }) => target === worst.target && verdict.verdict === 'steady')
          .map((each) => evidenceOf(each)),
        ...(worst.kind === 'resident'
          ? [
              {
                text: 'Only the memory that the system counts was seen to grow: fragments and caches of the allocator do that too.',
                source: '/proc',
              },
            ]
          : []),
      ],
      advice: [
        `Find what is kept: gaugeway heap growth --pid PID --apart 2m names the functions whose objects stay.`,
        'Bound what is kept by request, session or user: a cache without a limit, listeners that are never removed, maps keyed by id.',
      ],
    };
  },
});

function judge<T>(
  target: string,
  kind: Kind,
  series: readonly Timed<T>[],
  window: Window,
  bytesOf: (sample: T) => number,
): Judged {
  const readings = samplesIn(series, window).map(({ atMs, data }) => ({ atMs, bytes: bytesOf(data) }));
  return {
    target,
    kind,
    verdict: leakVerdict(readings),
    levelBytes: Math.max(1, readings.at(-1)?.bytes ?? 0),
  };
}

function evidenceOf({ target, kind, verdict }: Judged): { text: string; source: string; chart: string } {
  const { bytesPerMinute, lowBytesPerMinute, highBytesPerMinute, reason } = verdict;
  const [rate, low, high] = [bytesPerMinute, lowBytesPerMinute, highBytesPerMinute].map((bytes) =>
    figure(rounded(bytes / 1e6)),
  );
  return {
    text: `The ${kindWords[kind]} of ${target} changes by ${rate} MB a minute (95 % between ${low} and ${high}): ${reason}.`,
    source: kind === 'resident' ? '/proc' : 'process.memoryUsage',
    chart: charts[kind],
  };
}
