import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { figure, percent } from '../../computed/figures.ts';
import { accessInWindow } from '../../computed/nginx-in-window.ts';
import { rounded, shareWithin } from '../../computed/statistics.ts';
import { limitTable } from '../../../look/limits.ts';
import { defineRule, type RuleOutcome } from '../../rule.ts';

/** The busiest of several equal replicas may have half as much again as the least busy. */
const mostRatio = limitTable['nginx.imbalance'].value;
/** With fewer requests each, chance alone makes such a difference. */
const fewestPerUpstream = 50;
const listed = 8;

/** Replicas behind nginx of which some get far more requests than others. */
export const upstreamImbalance = defineRule({
  id: 'upstream-imbalance',
  area: 'nginx',
  title: 'nginx spreads requests unevenly',
  requires: ['phases', 'access-log'],
  vetoedByGenerator: false,
  evaluate({ facts }): RuleOutcome {
    const access = facts.get(accessInWindow);
    const upstreams = access?.upstreams.filter(({ address }) => address !== '-') ?? [];
    if (access === undefined || access.seconds < fewestSamples || upstreams.length < 2) {
      return { verdict: 'not-applicable', reason: 'the access log tells of no second upstream' };
    }
    const total = upstreams.reduce((sum, { requests }) => sum + requests, 0);
    if (total < upstreams.length * fewestPerUpstream) {
      return {
        verdict: 'not-applicable',
        reason: `${figure(total)} requests are too few to compare upstreams`,
      };
    }
    const [busiest] = upstreams;
    const least = upstreams.at(-1);
    const ratio = (busiest?.requests ?? 0) / Math.max(1, least?.requests ?? 0);
    const verdict = ratio > mostRatio ? 'warn' : 'pass';
    return {
      verdict,
      value: rounded(ratio),
      unit: 'times',
      confidence: confidenceOf({
        samples: access.seconds,
        ratio: verdict === 'warn' ? separation(ratio, mostRatio) : separation(1 / ratio, 1 / mostRatio),
        corroborated: true,
      }),
      impact:
        verdict === 'pass'
          ? 0
          : rounded(shareWithin((busiest?.requests ?? 0) - total / upstreams.length, total)),
      ...(verdict === 'pass'
        ? {}
        : {
            title: `nginx sends ${busiest?.address ?? ''} ${figure(ratio)} times the requests of ${least?.address ?? ''}`,
          }),
      evidence: upstreams.slice(0, listed).map(({ address, requests, p95Ms }) => ({
        text: `${address}: ${figure(requests)} requests, ${percent(requests / total)} of all, p95 ${figure(p95Ms)} ms (limit ${mostRatio} times the least busy).`,
        source: 'access log',
        chart: 'nginx-status',
      })),
      counterEvidence: [],
      advice:
        verdict === 'pass'
          ? []
          : [
              'Use `least_conn` where requests take unequal times, and look for `weight`, `ip_hash` or sticky sessions.',
              'See whether the least busy one was out of service for a while: `max_fails`, `fail_timeout`, the error log.',
            ],
    };
  },
});
