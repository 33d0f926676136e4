import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { blockedDelayMs, eventLoops, processCpu } from '../../computed/gateway-processes.ts';
import { loadInWindow, type LoadInWindow } from '../../computed/load-in-window.ts';
import { rounded, shareWithin } from '../../computed/statistics.ts';
import { upstreamLatency, type UpstreamLatency } from '../../computed/upstream-latency.ts';
import { defineRule, type RuleOutcome } from '../../rule.ts';
import type { Evidence } from '../../../run-document.ts';

/** People notice a tenth of a second (Nielsen, Usability Engineering, 1993); an agent makes several calls in a row. */
const slowMs = 200;
const noticeableMs = 100;
/** Below this share of the time of the calls, something else is the greater part. */
const dominantShare = 0.7;
/** A gateway this busy may itself be what the upstream's answers wait for. */
const busyGatewayPercent = 70;
const listedUpstreams = 3;

interface Measured {
  meanMs: number;
  share: number;
  readings: number;
  evidence: Evidence[];
}

/** Upstreams that take the greater part of the time of tool calls while the gateway has nothing to do. */
export const slowUpstream = defineRule({
  id: 'slow-upstream',
  area: 'upstream',
  title: 'An upstream server is slow',
  requires: ['phases', 'load'],
  optional: ['prometheus', 'process', 'node'],
  vetoedByGenerator: true,
  evaluate({ facts }): RuleOutcome {
    const load = facts.get(loadInWindow);
    if (load === undefined || load.toolCalls === 0) {
      return { verdict: 'not-applicable', reason: 'no tool was called in the window' };
    }
    if (load.seconds < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `the load was sampled ${counted(load.seconds, 'time')} only`,
      };
    }
    const upstream = facts.find(upstreamLatency);
    const measured = upstream === undefined ? fromLatencyFloor(load) : fromGateway(upstream, load);
    if (measured === undefined) {
      return {
        verdict: 'not-applicable',
        reason: 'neither the gateway nor requests that need no upstream tell what the upstream takes',
      };
    }
    const gatewayCpu = facts.find(processCpu)?.find(({ role }) => role === 'gateway');
    const loop = facts
      .find(eventLoops)
      ?.find(({ pid }) => gatewayCpu === undefined || pid === gatewayCpu.pid);
    const busy = gatewayCpu !== undefined && gatewayCpu.meanPercent >= busyGatewayPercent;
    const blocked = loop !== undefined && loop.delayP99Ms >= blockedDelayMs;
    const dominant = measured.share >= dominantShare;
    const verdict =
      measured.meanMs >= slowMs && dominant && !busy && !blocked
        ? 'fail'
        : measured.meanMs >= noticeableMs && dominant
          ? 'warn'
          : 'pass';
    const passed = verdict === 'pass';
    return {
      verdict,
      value: rounded(measured.meanMs),
      unit: 'ms',
      confidence: confidenceOf({
        samples: measured.readings,
        ratio: separation(measured.meanMs, verdict === 'fail' ? slowMs : noticeableMs),
        corroborated: passed || (upstream !== undefined && gatewayCpu !== undefined),
      }),
      impact: passed ? 0 : rounded(measured.share * shareWithin(load.toolCallTimeMs, load.responseTimeMs)),
      ...(passed ? {} : { title: `Tool calls wait ${figure(measured.meanMs)} ms for the upstream` }),
      evidence: [
        ...measured.evidence,
        ...(passed || gatewayCpu === undefined || busy
          ? []
          : [
              {
                text: `Meanwhile the gateway used ${figure(gatewayCpu.meanPercent)} % of one core.`,
                source: '/proc',
                chart: 'cpu',
              },
            ]),
      ],
      counterEvidence: passed
        ? []
        : [
            ...(busy
              ? [
                  {
                    text: `The gateway used ${figure(gatewayCpu.meanPercent)} % of one core, so answers may have waited for the gateway.`,
                    source: '/proc',
                    chart: 'cpu',
                  },
                ]
              : []),
            ...(blocked
              ? [
                  {
                    text: `The gateway's event loop was delayed by ${figure(loop.delayP99Ms)} ms (p99), which its own measurement of the upstream includes.`,
                    source: 'event loop delay',
                    chart: 'event-loop-delay',
                  },
                ]
              : []),
          ],
      advice: passed
        ? []
        : [
            'Profile the upstream server: the gateway only waits for it.',
            'Cache answers of tools that may be cached, or run more instances of the upstream.',
            'Set a timeout for this upstream, so that its slowness does not hold the callers.',
          ],
    };
  },
});

/** The gateway timed its upstream requests itself. */
function fromGateway(upstream: UpstreamLatency, load: LoadInWindow): Measured {
  const share = shareWithin(upstream.meanMs, load.toolCallTimeMs / load.toolCalls);
  return {
    meanMs: upstream.meanMs,
    share,
    readings: upstream.readings,
    evidence: [
      {
        text: `The gateway waited ${figure(upstream.meanMs)} ms on average for ${counted(upstream.requests, 'upstream request')}, ${percent(share)} of what a tool call took (limits ${slowMs} ms and ${percent(dominantShare)}).`,
        source: 'gateway metrics',
        chart: 'latency',
      },
      ...(upstream.byUpstream.length < 2
        ? []
        : upstream.byUpstream.slice(0, listedUpstreams).map((each) => ({
            text: `Upstream ${each.upstream}: ${figure(each.meanMs)} ms on average over ${counted(each.requests, 'request')}.`,
            source: 'gateway metrics',
          }))),
    ],
  };
}

/**
 * Without the gateway's metrics: what even the fastest tool calls take beyond requests that need no upstream.
 * A queue anywhere would leave some calls fast; a slow upstream leaves none.
 */
function fromLatencyFloor(load: LoadInWindow): Measured | undefined {
  if (load.toolCallFloorMs === null || load.localP50Ms === null) return undefined;
  const meanMs = Math.max(0, load.toolCallFloorMs - load.localP50Ms);
  const share = shareWithin(meanMs, load.toolCallTimeMs / load.toolCalls);
  return {
    meanMs,
    share,
    readings: load.seconds,
    evidence: [
      {
        text: `Even the fastest tenth of the tool calls took ${figure(load.toolCallFloorMs)} ms, requests that need no upstream ${figure(load.localP50Ms)} ms (p50).`,
        source: 'load generator',
        chart: 'latency',
      },
    ],
  };
}
