import { confidenceOf, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { rounded } from '../../computed/statistics.ts';
import { defineRule } from '../../rule.ts';
import type { ObservedStats } from '../../../run-document.ts';

/** Share of failed requests that fails a run; the threshold of k6's own introductory example. */
const failingShare = 0.01;
/** Fewer failures than this may be one unlucky moment, whatever their share. */
const fewestFailures = 5;
const listed = 5;

/** Requests that failed: HTTP errors, JSON-RPC errors, `isError` results, time-outs and lost connections. */
export const failedRequests = defineRule({
  id: 'failed-requests',
  area: 'load',
  title: 'Requests fail',
  requires: ['phases', 'load'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const load = facts.get(loadInWindow);
    if (load === undefined || load.total.requests === 0) {
      return { verdict: 'not-applicable', reason: 'no request finished in the window' };
    }
    const { requests, failures } = load.total;
    const share = failures / requests;
    const verdict =
      failures === 0 ? 'pass' : share >= failingShare && failures >= fewestFailures ? 'fail' : 'warn';
    return {
      verdict,
      value: rounded(share * 100),
      unit: '% of requests',
      confidence: confidenceOf({
        samples: load.seconds,
        ratio: verdict === 'warn' ? 1 : separation(share, failingShare),
        corroborated: true,
      }),
      impact: share,
      ...(failures === 0 ? {} : { title: `${percent(share)} of the requests fail` }),
      evidence: [
        {
          text: `${figure(failures)} of ${counted(requests, 'request')} failed (limit ${percent(failingShare)}).`,
          source: 'load generator',
          chart: 'failures',
        },
        ...load.byName.flatMap(failuresOf).slice(0, listed),
      ],
      counterEvidence: [],
      advice:
        failures === 0
          ? []
          : [
              'Fix the failures before reading latencies: an error that answers fast makes a run look better than it is.',
              'Look for the same kinds in the logs of the gateway and of the upstream, at the seconds that the timeline shows.',
            ],
    };
  },
});

function failuresOf(stats: ObservedStats): { text: string; source: string; chart: string }[] {
  return Object.entries(stats.failuresByKind)
    .toSorted(([kindA, a], [kindB, b]) => b - a || (kindA < kindB ? -1 : 1))
    .map(([kind, count]) => ({
      text: `\`${stats.name}\`: ${figure(count)} of ${counted(stats.requests, 'request')} failed with ${kind}.`,
      source: 'load generator',
      chart: 'failures',
    }));
}
