import { fewestSamples } from '../diagnose/computed/confidence.ts';
import { counted, figure, percent } from '../diagnose/computed/figures.ts';
import { rounded } from '../diagnose/computed/statistics.ts';
import type { RunDocument } from '../run-document.ts';
import type { GeneratorVitals } from '../timeline/samples.ts';

/** What is known of a generator process in a second: all of ours, the CPU alone of a worker of another tool. */
export type GeneratorSecond = Pick<GeneratorVitals, 'cpuPercent'> & Partial<GeneratorVitals>;

/** What one process of the generator showed over some time. */
interface Observed {
  cpuMs: number;
  durationMs: number;
  /** One number per reading, a second each: small even after a day. */
  delaysP99Ms: number[];
  lateStarts: number;
  plannedStarts: number;
  /** The fullest that it was; undefined where the system does not tell. */
  fullest: { openFiles: number; maxOpenFiles: number } | undefined;
  exhaustedConnects: number;
}

interface Limit {
  name: string;
  /** Chart that shows it. */
  chart: string;
  /** Undefined where nobody told it. */
  value(second: GeneratorSecond): number | undefined;
  limit: number;
  hardLimit: number;
  /** What was seen, after "the generator". */
  text(observed: Observed): string;
}

/**
 * What a second of a generator process is held against: beyond `limit` it is disturbed, beyond `hardLimit` its figures
 * are wrong. 80 % of a core is what k6 advises (leave a fifth of the CPU idle); the others are our own, and the hard
 * ones are wide enough for a machine that other programs use too. A connection that could not be made for want of a
 * file or a local port is beyond both at once: the load that was asked for was not sent.
 */
const limits: readonly Limit[] = [
  {
    name: 'sockets',
    chart: 'failures',
    value: (second) => ((second.exhaustedConnects ?? 0) > 0 ? 1 : openShare(second)),
    limit: 0.8,
    hardLimit: 0.95,
    text: socketText,
  },
  {
    name: 'CPU',
    chart: 'cpu',
    value: ({ cpuPercent }) => cpuPercent,
    limit: 80,
    hardLimit: 90,
    text: ({ cpuMs, durationMs }) =>
      `used ${figure(shareOf(cpuMs, durationMs) * 100)} % of one core on average (limit 80 %)`,
  },
  {
    name: 'event loop',
    chart: 'event-loop-delay',
    value: ({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms,
    limit: 50,
    hardLimit: 100,
    text: ({ delaysP99Ms }) =>
      `had an event-loop delay (p99) of ${figure(worstOf(delaysP99Ms))} ms in its worst second (limit 50 ms)`,
  },
  {
    name: 'late starts',
    chart: 'throughput',
    value: ({ lateStarts, plannedStarts }) =>
      lateStarts === undefined || plannedStarts === undefined
        ? undefined
        : shareOf(lateStarts, plannedStarts),
    limit: 0.05,
    hardLimit: 0.25,
    text: ({ lateStarts, plannedStarts }) =>
      `started ${percent(shareOf(lateStarts, plannedStarts))} of its requests late (limit 5 % of a second's)`,
  },
];
/** Half of the time shows a state; a fifth shows a tendency. Single seconds are other programs' blips. */
export const lastingShare = 0.5;
export const recurringShare = 0.2;

/** `disturbed`: latencies look higher than they are. `saturated`: no latency figure can be believed. */
export type GeneratorState = 'sound' | 'disturbed' | 'saturated';

export interface LimitJudgement {
  name: string;
  chart: string;
  /** Shares (0..1) of the time beyond the limit, and beyond the hard one. */
  disturbedShare: number;
  wrongShare: number;
  /** What was seen, after "the generator". */
  text: string;
}

export interface GeneratorJudgement {
  state: GeneratorState;
  readings: number;
  /** Of the worst limit each. */
  disturbedShare: number;
  wrongShare: number;
  /** Worst first. */
  limits: LimitJudgement[];
  /** Names of the limits of which nobody told anything. */
  unknown: string[];
}

/** Holds what one process of the generator shows of itself against the limits; keeps no reading but one number of it. */
export class GeneratorMeter {
  readonly #observed: Observed = {
    cpuMs: 0,
    durationMs: 0,
    delaysP99Ms: [],
    lateStarts: 0,
    plannedStarts: 0,
    fullest: undefined,
    exhaustedConnects: 0,
  };
  #readings = 0;
  readonly #tallies = limits.map((limit) => ({ limit, told: false, disturbedMs: 0, wrongMs: 0 }));

  /** `second` is what the process showed in the window of `windowMs`. */
  add(second: GeneratorSecond, windowMs: number): void {
    const observed = this.#observed;
    observed.cpuMs += (second.cpuPercent * windowMs) / 100;
    observed.durationMs += windowMs;
    this.#readings += 1;
    if (second.eventLoopDelayP99Ms !== undefined) observed.delaysP99Ms.push(second.eventLoopDelayP99Ms);
    observed.lateStarts += second.lateStarts ?? 0;
    observed.plannedStarts += second.plannedStarts ?? 0;
    observed.exhaustedConnects += second.exhaustedConnects ?? 0;
    const { openFiles, maxOpenFiles } = second;
    if (openFiles !== undefined && maxOpenFiles !== undefined) {
      if (openFiles >= (observed.fullest?.openFiles ?? 0)) observed.fullest = { openFiles, maxOpenFiles };
    }
    for (const tally of this.#tallies) {
      const value = tally.limit.value(second);
      if (value === undefined) continue;
      tally.told = true;
      if (value > tally.limit.limit) tally.disturbedMs += windowMs;
      if (value > tally.limit.hardLimit) tally.wrongMs += windowMs;
    }
  }

  /** Null where nobody told it. CPU is the mean; the delay is that of the median reading, so that one hiccup is no verdict. */
  get figures(): Pick<
    RunDocument['load']['generator'],
    'cpuPercent' | 'eventLoopDelayP99Ms' | 'lateStartPercent'
  > {
    const { cpuMs, durationMs, delaysP99Ms, lateStarts, plannedStarts } = this.#observed;
    const delays = delaysP99Ms.toSorted((a, b) => a - b);
    const delayP99Ms = delays[Math.floor(delays.length / 2)];
    return {
      cpuPercent: durationMs === 0 ? null : rounded(shareOf(cpuMs, durationMs) * 100, 3),
      eventLoopDelayP99Ms: delayP99Ms === undefined ? null : rounded(delayP99Ms, 3),
      lateStartPercent: delays.length === 0 ? null : rounded(shareOf(lateStarts, plannedStarts) * 100, 3),
    };
  }

  get judgement(): GeneratorJudgement {
    const { durationMs } = this.#observed;
    const judged = this.#tallies
      .filter(({ told }) => told)
      .map(({ limit, disturbedMs, wrongMs }): LimitJudgement => ({
        name: limit.name,
        chart: limit.chart,
        disturbedShare: shareOf(disturbedMs, durationMs),
        wrongShare: shareOf(wrongMs, durationMs),
        text: limit.text(this.#observed),
      }));
    const disturbedShare = Math.max(0, ...judged.map((each) => each.disturbedShare));
    const wrongShare = Math.max(0, ...judged.map((each) => each.wrongShare));
    return {
      state: stateOf(this.#readings, disturbedShare, wrongShare),
      readings: this.#readings,
      disturbedShare,
      wrongShare,
      limits: judged.toSorted((a, b) => b.wrongShare - a.wrongShare || b.disturbedShare - a.disturbedShare),
      unknown: this.#tallies.filter(({ told }) => !told).map(({ limit }) => limit.name),
    };
  }
}

/** As many arguments as a day has seconds are too many for Math.max. */
function worstOf(values: readonly number[]): number {
  return values.reduce((worst, value) => Math.max(worst, value), 0);
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Open files as a share (0..1) of those that may be open; undefined where the system does not tell. */
export function openShare({ openFiles, maxOpenFiles }: GeneratorSecond): number | undefined {
  return openFiles === undefined || maxOpenFiles === undefined ? undefined : openFiles / maxOpenFiles;
}

function stateOf(readings: number, disturbedShare: number, wrongShare: number): GeneratorState {
  if (readings < fewestSamples) return 'sound';
  if (wrongShare >= lastingShare) return 'saturated';
  return disturbedShare >= recurringShare ? 'disturbed' : 'sound';
}

function socketText({ fullest, exhaustedConnects }: Observed): string {
  const failed = `could not make ${counted(exhaustedConnects, 'connection')} for want of a file or a local port`;
  const open =
    fullest &&
    `had at most ${figure(fullest.openFiles)} of ${figure(fullest.maxOpenFiles)} files open (limit 80 %)`;
  if (open === undefined) return failed;
  return exhaustedConnects === 0 ? open : `${failed} and ${open}`;
}
