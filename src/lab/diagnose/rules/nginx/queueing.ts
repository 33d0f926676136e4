import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { accessInWindow, nginxDropped } from '../../computed/nginx-in-window.ts';
import { rounded, shareWithin } from '../../computed/statistics.ts';
import { limitTable } from '../../../look/limits.ts';
import { defineRule, type RuleOutcome } from '../../rule.ts';
import type { Evidence } from '../../../run-document.ts';

/** From this share of the time of all requests on, nginx is the greater part of it. */
const dominantShare = limitTable['nginx.own-time'].value / 100;
/** Our own rule: half of less than this is what any proxy costs on a busy machine, and nobody notices it. */
const leastP95Ms = 20;
const fewestRequests = 20;

/** Requests that spend their time in nginx rather than behind it, and connections that it drops. */
export const queueing = defineRule({
  id: 'queueing',
  area: 'nginx',
  title: 'Requests spend their time in nginx',
  requires: ['phases', 'access-log'],
  optional: ['nginx', 'load'],
  vetoedByGenerator: true,
  evaluate({ facts }): RuleOutcome {
    const access = facts.get(accessInWindow);
    if (access === undefined || access.requests < fewestRequests || access.seconds < fewestSamples) {
      return { verdict: 'not-applicable', reason: 'the access log tells of too few requests in the window' };
    }
    if (!access.timed) {
      return {
        verdict: 'not-applicable',
        reason: 'the access log does not tell $request_time and $upstream_response_time',
      };
    }
    const status = facts.find(nginxDropped);
    const dropped = status?.dropped ?? 0;
    const slow = access.nginxShare >= dominantShare && access.nginxP95Ms >= leastP95Ms;
    const verdict = dropped > 0 || slow ? 'fail' : 'pass';
    const clientMs = facts.find(loadInWindow)?.total.p95Ms ?? null;
    return {
      verdict,
      value: rounded(access.nginxP95Ms),
      unit: 'ms',
      confidence: confidenceOf({
        samples: access.seconds,
        ratio: dropped > 0 ? 2 : slow ? separation(access.nginxShare, dominantShare) : 2,
        corroborated: !slow || dropped > 0 || clientMs !== null,
      }),
      impact:
        verdict === 'pass'
          ? 0
          : rounded(Math.max(access.nginxShare, shareWithin(dropped, status?.accepted ?? 0))),
      ...(verdict === 'pass'
        ? {}
        : {
            title: slow
              ? `Requests spend ${percent(access.nginxShare)} of their time in nginx`
              : `nginx dropped ${counted(dropped, 'connection')}`,
          }),
      evidence: [
        {
          text: `p95 of the request ${figure(access.requestP95Ms)} ms, of its upstream ${figure(access.upstreamP95Ms)} ms, of the rest, nginx' own, ${figure(access.nginxP95Ms)} ms: ${percent(access.nginxShare)} of the time of all (limits ${percent(dominantShare)} and ${leastP95Ms} ms).`,
          source: 'access log',
          chart: 'time-split',
        },
        ...clientEvidence(clientMs, access.requestP95Ms),
        ...(dropped === 0
          ? []
          : [
              {
                text: `nginx accepted ${counted(status?.accepted ?? 0, 'connection')} and dropped ${figure(dropped)} of them.`,
                source: 'stub_status',
                chart: 'nginx-dropped',
              },
            ]),
      ],
      counterEvidence: [],
      advice:
        verdict === 'pass'
          ? []
          : [
              ...(dropped > 0
                ? [
                    'Raise `worker_connections` and `worker_rlimit_nofile`: each proxied request takes two connections.',
                  ]
                : []),
              ...(slow
                ? [
                    'Look for `limit_req` with a delay, `proxy_buffering` of large answers to disk, slow clients, and the CPU of the workers.',
                    'Give the upstream block `keepalive`, so that requests do not wait for new connections.',
                  ]
                : []),
            ],
    };
  },
});

/** What nginx never saw: the network between, and the generator itself. */
function clientEvidence(clientMs: number | null, requestMs: number): Evidence[] {
  if (clientMs === null) return [];
  return [
    {
      text: `Clients saw ${figure(clientMs)} ms (p95): ${figure(Math.max(0, clientMs - requestMs))} ms of it before nginx, in the network or the generator.`,
      source: 'load generator',
      chart: 'time-split',
    },
  ];
}
