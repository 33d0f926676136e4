import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { eventLoops, processCpu, saturatedCpuPercent } from '../../computed/gateway-processes.ts';
import { hotFrames, type HotFrames } from '../../computed/hot-frames.ts';
import { rounded } from '../../computed/statistics.ts';
import { processThrottling, throttledEvidence } from '../../computed/throttling.ts';
import { defineRule } from '../../rule.ts';
import type { Evidence } from '../../../run-document.ts';

/** A loop that is busy this share of the time turns no faster; Clinic Doctor uses the same limit. */
const saturatedUtilization = 0.95;
const listedFrames = 4;
const listedClasses = 3;
/** A kind of work with less is no reason. */
const tellingShare = 0.05;
/** A sampled stack names the work only when the profile saw this much of it. */
const fewestBusyMs = 200;

/** A gateway process that has no CPU left, with what it spends it on. */
export const cpuSaturated = defineRule({
  id: 'cpu-saturated',
  area: 'gateway',
  title: 'A gateway process is CPU-bound',
  requires: ['phases', 'process'],
  optional: ['node', 'profiles'],
  vetoedByGenerator: false,
  evaluate({ facts }) {
    const busiest = facts.get(processCpu).find(({ role }) => role === 'gateway');
    if (busiest === undefined) return { verdict: 'not-applicable', reason: 'no gateway process was sampled' };
    if (busiest.samples < fewestSamples) {
      return {
        verdict: 'not-applicable',
        reason: `the gateway was sampled ${counted(busiest.samples, 'time')} only`,
      };
    }
    const loop = facts.find(eventLoops)?.find(({ pid }) => pid === busiest.pid);
    const profile = facts.find(hotFrames)?.find(({ pid }) => pid === busiest.pid);
    const hot = busiest.meanPercent >= saturatedCpuPercent;
    const alwaysBusy = loop === undefined || loop.utilization >= saturatedUtilization;
    // Always busy without a core's worth of CPU: other processes keep it from running.
    const starved = loop !== undefined && !hot && loop.utilization >= saturatedUtilization;
    const verdict = hot && alwaysBusy ? 'fail' : hot || starved ? 'warn' : 'pass';
    return {
      verdict,
      value: rounded(busiest.meanPercent),
      unit: '% of one core',
      confidence: confidenceOf({
        samples: busiest.samples,
        ratio: separation(busiest.meanPercent, saturatedCpuPercent),
        corroborated: loop !== undefined,
      }),
      impact: verdict === 'pass' ? 0 : Math.min(1, rounded(busiest.meanPercent / 100)),
      ...(verdict === 'pass'
        ? {}
        : { title: titleOf(busiest.target, busiest.meanPercent, profile, starved) }),
      evidence: [
        {
          text: `${busiest.target} used ${figure(busiest.meanPercent)} % of one core on average, ${figure(busiest.p95Percent)} % in its busiest seconds (p95; limit ${saturatedCpuPercent} %).`,
          source: '/proc',
          chart: 'cpu',
        },
        ...(loop === undefined
          ? []
          : [
              {
                text: `Its event loop was busy ${percent(loop.utilization)} of the time (limit ${percent(saturatedUtilization)}).`,
                source: 'event loop utilization',
                chart: 'event-loop-utilization',
              },
            ]),
        ...(verdict === 'pass' ? [] : framesEvidence(profile)),
      ],
      counterEvidence: [
        ...counterEvidenceOf(verdict, starved, alwaysBusy, busiest.meanPercent),
        ...(verdict === 'pass' ? [] : throttledEvidence(facts.get(processThrottling), busiest.pid)),
      ],
      advice:
        verdict === 'pass'
          ? []
          : starved
            ? ['Give the gateway a core: other processes of the host, or a CPU limit, keep it from running.']
            : [
                'Make the hottest functions cheaper: cache what they compute, answer less at once, or parse and serialise once.',
                'Run more gateway processes behind the load balancer: one uses one core.',
              ],
    };
  },
});

function titleOf(
  target: string,
  meanPercent: number,
  profile: HotFrames | undefined,
  starved: boolean,
): string {
  if (starved) return `${target} is always busy but gets only ${figure(meanPercent)} % of a core`;
  const hottest = profile?.frames.find(({ kind }) => kind !== 'gc');
  const where = hottest === undefined ? '' : `, most of it in ${hottest.label}`;
  return `${target} is CPU-bound at ${figure(meanPercent)} % of one core${where}`;
}

function framesEvidence(profile: HotFrames | undefined): Evidence[] {
  if (profile === undefined || profile.busyMs < fewestBusyMs) return [];
  const file = profile.files[0] === undefined ? {} : { file: profile.files[0] };
  const work = profile.work
    .filter(({ share }) => share >= tellingShare)
    .slice(0, listedClasses)
    .map(({ kind, share }) => `${percent(share)} ${kind}`);
  return [
    ...profile.frames.slice(0, listedFrames).map((frame) => ({
      text: `${frame.label}: ${percent(frame.selfShare)} of the CPU time itself, ${percent(frame.totalShare)} with what it calls.`,
      source: 'cpu profile',
      ...file,
    })),
    ...(work.length === 0
      ? []
      : [
          {
            text: `By kind of work, of the CPU time: ${work.join(', ')}.`,
            source: 'cpu profile',
            ...file,
          },
        ]),
  ];
}

function counterEvidenceOf(
  verdict: 'fail' | 'warn' | 'pass',
  starved: boolean,
  alwaysBusy: boolean,
  meanPercent: number,
): Evidence[] {
  if (verdict !== 'warn') return [];
  if (starved) {
    return [
      {
        text: `It used only ${figure(meanPercent)} % of a core while its loop was never idle: it waited for a CPU, or in calls that block.`,
        source: '/proc',
        chart: 'cpu',
      },
    ];
  }
  return alwaysBusy
    ? []
    : [
        {
          text: 'Its event loop still had idle time, so other threads of the process use the CPU.',
          source: 'event loop utilization',
          chart: 'event-loop-utilization',
        },
      ];
}
