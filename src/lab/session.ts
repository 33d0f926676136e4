import { sleep } from '../shared/clock.ts';
import { longestTimerMs } from '../shared/duration.ts';
import type { AnalysedRun } from './analyse.ts';
import type { LoadDriver, LoadWatcher } from './load/load-driver.ts';
import type { LoadPlanSummary } from './load/load-plan.ts';
import { ThresholdJudge } from './load/threshold-judge.ts';
import type { Threshold } from './load/thresholds.ts';
import { type Observation, type ObservedRunOptions, observeRun } from './observed-run.ts';
import { ProgressMeter, type RunProgress } from './progress-meter.ts';
import { sleepWhile } from './sleep-while.ts';
import type { PhaseName } from './timeline/events.ts';

export interface SessionOptions extends ObservedRunOptions {
  load: LoadDriver;
  /** Quiet time before the load; of no meaning for one that begins by itself. */
  baselineMs: number;
  /** Length of the steady phase, which begins when every user is running; undefined: as long as the load. */
  durationMs: number | undefined;
  coolDownMs: number;
  /** Limits that the load must keep in the steady phase. */
  thresholds: readonly Threshold[];
  /** Whether a threshold that three windows in a row break ends the load. */
  abortOnFail: boolean;
  onProgress?: (progress: RunProgress) => void;
  /** What the load made of the target, once it has seen its tools. */
  onPlanned?: (summary: LoadPlanSummary) => void;
  /** What the user should know of the figures. */
  onNote?: (text: string) => void;
}

/**
 * One profiling session: collects through baseline → ramp → steady → cool-down into a bundle on disk, then
 * analyses that bundle. Throws as `observeRun` does, and what the load throws.
 */
export function runSession(options: SessionOptions): Promise<AnalysedRun> {
  const { load, durationMs, thresholds } = options;
  const settings = {
    ...load.settings,
    durationMs: durationMs ?? null,
    ...(thresholds.length === 0 ? {} : { thresholds: thresholds.map(({ text }) => text) }),
  };
  return observeRun(options, settings, (observation) => runPhases(options, observation));
}

async function runPhases(options: SessionOptions, observation: Observation): Promise<string | undefined> {
  const { logger, signal } = options;
  const { bundle } = observation;
  const progress = new ProgressMeter(options.onProgress);
  const judge = new ThresholdJudge(options.abortOnFail ? options.thresholds : []);
  const givenUp = new AbortController();
  const ending = AbortSignal.any([signal, givenUp.signal]);
  let ramping = true;
  let abortedBy: string | undefined;
  const phase = (
    name: PhaseName,
    remainingMs: number | undefined,
    body: () => Promise<number | void>,
    beganMs?: number,
  ) =>
    observation.phase(
      name,
      () => {
        progress.enter(name, remainingMs);
        return body();
      },
      beganMs,
    );
  const { load, baselineMs, durationMs } = options;
  const watcher: LoadWatcher = {
    logger,
    signal,
    onNote: (text) => options.onNote?.(text),
    onGap: (error) => bundle.gap('load', load.target, error),
    onSample: (sample, atMs, costMs = 0) => {
      bundle.append({ kind: 'sample', atMs, source: 'load', target: load.target, costMs, data: sample });
      progress.load(sample, atMs);
      judge.add(sample, atMs, ramping);
      abortedBy ??= judge.givesUp?.text;
      if (abortedBy !== undefined) givenUp.abort();
    },
  };
  try {
    let beganMs: number | undefined;
    await phase('baseline', load.beginsByItself ? undefined : baselineMs, async () => {
      beganMs = (await load.awaitBeginning(baselineMs, watcher)) ?? undefined;
      return beganMs;
    });
    const running = load.start(watcher);
    try {
      const summary = await running.planned;
      if (summary !== undefined) options.onPlanned?.(summary);
      await phase(
        'ramp',
        load.rampMs,
        async () => {
          await sleepWhile(Promise.race([running.ramped, running.finished]), longestTimerMs, ending);
          return running.rampedMs;
        },
        beganMs,
      );
      ramping = false;
      if (!givenUp.signal.aborted) {
        await phase(
          'steady',
          durationMs,
          async () => {
            const ended = await sleepWhile(running.finished, durationMs ?? longestTimerMs, ending);
            return ended ? running.endedMs : undefined;
          },
          running.rampedMs,
        );
      }
    } finally {
      await running.stop();
    }
    await phase('cool-down', options.coolDownMs, () => sleep(options.coolDownMs, signal));
    return abortedBy;
  } finally {
    progress.stop();
  }
}
