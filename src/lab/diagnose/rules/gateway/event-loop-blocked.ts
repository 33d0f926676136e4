import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { blockingFunctions, type BlockingFunction } from '../../computed/blocking-stretches.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import {
  blockedDelayMs,
  eventLoops,
  processCpu,
  saturatedCpuPercent,
  type EventLoop,
  type ProcessCpu,
} from '../../computed/gateway-processes.ts';
import { loadInWindow } from '../../computed/load-in-window.ts';
import { rounded, shareWithin } from '../../computed/statistics.ts';
import { processThrottling, throttledEvidence } from '../../computed/throttling.ts';
import { defineRule } from '../../rule.ts';
import type { Evidence } from '../../../run-document.ts';

/** Seconds with a blocked loop: a quarter is a state of the program, a tenth a tendency, single ones are blips. */
const lastingShare = 0.25;
const recurringShare = 0.1;
const fewestBlockedSamples = 2;
/** A function blocks the loop for certain when it was seen doing so this often. */
const fewestStretches = 3;
/** Garbage collection that takes this much of a second blocks by itself; Clinic Doctor's limit. */
const longGcMs = 100;
/** Of one core: a gap between being busy and using CPU that sampling both a second apart does not explain. */
const starvedPercent = 30;

/** Synchronous work that keeps the gateway's event loop from turning although there is CPU left. */
export const eventLoopBlocked = defineRule({
  id: 'event-loop-blocked',
  area: 'gateway',
  title: "The gateway's event loop is blocked by synchronous work",
  requires: ['phases', 'node'],
  optional: ['process', 'profiles', 'load'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const cpus = facts.find(processCpu);
    const loops = facts.get(eventLoops).filter(({ pid }) => isGateway(pid, cpus));
    const loop = loops.toSorted((a, b) => b.blockedShare - a.blockedShare)[0];
    if (loop === undefined) return { verdict: 'not-applicable', reason: 'no Node gateway was sampled' };
    if (loop.samples < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `the event loop was sampled ${counted(loop.samples, 'time')} only`,
      };
    }
    const functions = facts.find(blockingFunctions);
    const culprit = functions?.find(({ pid, stretches }) => pid === loop.pid && stretches >= fewestStretches);
    const cpu = cpus?.find(({ pid }) => pid === loop.pid);
    const saturated = cpu !== undefined && cpu.meanPercent >= saturatedCpuPercent;
    const unexplained =
      functions === undefined ? isStarved(loop, cpu) : culprit === undefined && loop.gcMsPerSample < longGcMs;
    // While its quota is used up, all of it stands still, in whatever function that meets it.
    const throttled = throttledEvidence(facts.find(processThrottling) ?? [], loop.pid);
    const lasting = loop.blockedShare >= lastingShare && !saturated && !unexplained && throttled.length === 0;
    const verdict = lasting ? 'fail' : isRecurring(loop) ? 'warn' : 'pass';
    const passed = verdict === 'pass';
    return {
      verdict,
      value: rounded(loop.delayP99Ms),
      unit: 'ms',
      confidence: confidenceOf({
        samples: loop.samples,
        ratio: separation(loop.blockedShare, lasting ? lastingShare : recurringShare),
        corroborated: passed || culprit !== undefined,
      }),
      impact: passed ? 0 : impactOf(loop, facts.find(loadInWindow)?.total.p95Ms ?? undefined),
      ...(passed ? {} : { title: titleOf(loop, culprit) }),
      evidence: [
        {
          text: `${loop.target}: the event-loop delay (p99) was ${figure(loop.delayP99Ms)} ms in the median second, at most ${figure(loop.maxDelayMs)} ms, and at or above ${blockedDelayMs} ms in ${percent(loop.blockedShare)} of ${counted(loop.samples, 'second')}.`,
          source: 'event loop delay',
          chart: 'event-loop-delay',
        },
        ...(passed || culprit === undefined ? [] : [culpritEvidence(culprit)]),
        ...(passed || loop.gcMsPerSample < longGcMs
          ? []
          : [
              {
                text: `Garbage collection took ${figure(loop.gcMsPerSample)} ms of each second.`,
                source: 'garbage collector',
              },
            ]),
      ],
      counterEvidence: passed
        ? []
        : [...counterEvidenceOf(saturated, unexplained, cpu?.meanPercent), ...throttled],
      advice: passed
        ? []
        : [
            culprit === undefined
              ? 'Take a CPU profile of the slow seconds and look for one function that runs without a pause.'
              : `Move ${culprit.label} off the request path: make it asynchronous, do it in a worker thread, or split it up.`,
            'Use the asynchronous form of crypto, compression and file calls, and bound what is parsed or serialised at once.',
          ],
    };
  },
});

/** Node processes are taken for gateways unless the process list says otherwise. */
function isGateway(pid: number, cpus: { pid: number; role: string }[] | undefined): boolean {
  const known = cpus?.find((each) => each.pid === pid);
  return known === undefined || known.role === 'gateway';
}

/** Busy for much longer than it used a CPU: it waited for one, or in a call that blocks without using any. */
function isStarved({ utilization }: EventLoop, cpu: ProcessCpu | undefined): boolean {
  return cpu !== undefined && utilization * 100 - cpu.meanPercent >= starvedPercent;
}

function isRecurring({ blockedShare, samples }: EventLoop): boolean {
  return blockedShare >= recurringShare && blockedShare * samples >= fewestBlockedSamples;
}

/** A request that meets the delay waits for all of it: the delay's share of the slow responses. */
function impactOf({ delayP99Ms }: EventLoop, p95Ms: number | undefined): number {
  return p95Ms === undefined ? 0.5 : rounded(shareWithin(delayP99Ms, p95Ms));
}

function titleOf(loop: EventLoop, culprit: BlockingFunction | undefined): string {
  return culprit === undefined
    ? `The event loop of ${loop.target} was delayed by up to ${figure(loop.maxDelayMs)} ms`
    : `The event loop of ${loop.target} is blocked by ${culprit.label} for up to ${figure(culprit.longestMs)} ms`;
}

function culpritEvidence(culprit: BlockingFunction): Evidence {
  const caller = culprit.calledBy === null ? '' : `, called by ${culprit.calledBy},`;
  return {
    text: `${culprit.label}${caller} ran ${counted(culprit.stretches, 'time')} without a pause, for up to ${figure(culprit.longestMs)} ms.`,
    source: 'cpu profile',
    file: culprit.file,
    startMs: culprit.startMs,
    endMs: culprit.endMs,
  };
}

function counterEvidenceOf(
  saturated: boolean,
  unexplained: boolean,
  meanPercent: number | undefined,
): Evidence[] {
  return [
    ...(saturated
      ? [
          {
            text: 'The process has no CPU left, which delays its loop without anything that blocks; see cpu-saturated.',
            source: '/proc',
            chart: 'cpu',
          },
        ]
      : []),
    ...(unexplained
      ? [
          {
            text: 'Nothing shows a function that ran that long without a pause: the process may have waited for a CPU.',
            source: 'cpu profile, /proc',
          },
        ]
      : []),
    ...(meanPercent !== undefined && !saturated
      ? [
          {
            text: `It used ${figure(meanPercent)} % of one core, so there was CPU left.`,
            source: '/proc',
            chart: 'cpu',
          },
        ]
      : []),
  ];
}
