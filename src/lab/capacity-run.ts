import { nowMs, sleep } from '../shared/clock.ts';
import { longestTimerMs } from '../shared/duration.ts';
import type { AnalysedRun } from './analyse.ts';
import { fewestWindows, isSettled, steadyFrom } from './capacity/settling.ts';
import { planNext, type Ramp } from './capacity/step-planner.ts';
import { isWholeWindow, measureStep, type Step, succeededRps } from './capacity/step.ts';
import type { Timed } from './diagnose/artifacts.ts';
import { type LoadPlan, type LoadPlanSummary, scenarioNamesOf } from './load/load-plan.ts';
import { type LoadHandle, startLoad } from './load/load-process.ts';
import type { Threshold } from './load/thresholds.ts';
import { type Observation, type ObservedRunOptions, observeRun } from './observed-run.ts';
import { ProgressMeter, type RunProgress } from './progress-meter.ts';
import { sleepWhile } from './sleep-while.ts';
import type { StepEvent } from './timeline/events.ts';
import type { ObservedLoad } from './timeline/samples.ts';

export interface CapacityOptions extends ObservedRunOptions {
  /** In the closed model; its `users` are not looked at, those of `ramp` are. */
  load: LoadPlan;
  ramp: Ramp;
  /** What a level is given at least before it is measured; twice its p95 when that is longer. */
  settleMs: number;
  /** The longest that a level is measured; it ends earlier when its seconds agree. */
  stepMs: number;
  /** How long the load is held past the limit, where the rules look for the cause. */
  holdMs: number;
  baselineMs: number;
  coolDownMs: number;
  /** What a level must keep to count; limits on `rps` are held against the capacity. */
  thresholds: readonly Threshold[];
  onProgress?: (progress: RunProgress) => void;
  onPlanned?: (summary: LoadPlanSummary) => void;
  /** Each level once it is measured, with all before it. */
  onStep?: (step: Step, earlier: readonly Step[]) => void;
}

/** Waiting for answers of a slow target ends somewhere. */
const longestSettleMs = 30_000;

/**
 * Looks for the capacity of a stack: baseline → a ramp in steps, each held until its figures are steady → a hold just
 * past the limit → cool-down, everything sampled into a bundle on disk, which is then analysed. Throws as
 * `observeRun` does, and what the load throws.
 */
export function runCapacity(options: CapacityOptions): Promise<AnalysedRun> {
  const { load, ramp, holdMs, thresholds } = options;
  const settings = {
    users: ramp.maxUsers,
    spawnRate: load.spawnRate,
    durationMs: holdMs,
    scenario: scenarioNamesOf(load),
    ...(thresholds.length === 0 ? {} : { thresholds: thresholds.map(({ text }) => text) }),
    ramp,
  };
  return observeRun(options, settings, async (observation) => {
    const progress = new ProgressMeter(options.onProgress);
    try {
      await runPhases(options, observation, progress);
    } finally {
      progress.stop();
    }
    return undefined;
  });
}

async function runPhases(
  options: CapacityOptions,
  observation: Observation,
  progress: ProgressMeter,
): Promise<void> {
  const { logger, signal, baselineMs, coolDownMs, holdMs, ramp } = options;
  await observation.phase('baseline', () => {
    progress.enter('baseline', baselineMs);
    return sleep(baselineMs, signal);
  });
  const levels = new Levels(options, observation);
  const load = startLoad(
    { ...options.load, users: ramp.startUsers },
    {
      logger,
      signal,
      onRamped: () => levels.ramped(),
      onSample: (data, atMs) => {
        observation.bundle.append({
          kind: 'sample',
          atMs,
          source: 'load',
          target: 'generator',
          costMs: 0,
          data,
        });
        progress.load(data, atMs);
        levels.sample({ atMs, data });
      },
    },
  );
  try {
    options.onPlanned?.(await load.planned);
    const steps: Step[] = [];
    let holdUsers: number | undefined;
    await observation.phase('ramp', async () => {
      progress.enter('ramp', undefined);
      await load.ramped;
      for (;;) {
        const next = planNext(steps, ramp);
        if (next.kind === 'end') holdUsers = next.holdUsers;
        if (next.kind === 'end' || signal.aborted) break;
        const step = await levels.measure(load, next.users, steps.at(-1));
        if (step === undefined) break;
        options.onStep?.(step, steps);
        steps.push(step);
      }
      if (holdUsers !== undefined) await levels.settle(load, holdUsers, steps.at(-1));
    });
    if (holdUsers !== undefined) {
      const users = holdUsers;
      await observation.phase('steady', async () => {
        progress.enter('steady', holdMs);
        await levels.collect(load, holdMs);
        levels.record('hold', users, 0);
      });
    }
  } finally {
    await load.stop();
  }
  await observation.phase('cool-down', () => {
    progress.enter('cool-down', coolDownMs);
    return sleep(coolDownMs, signal);
  });
}

/** Brings the load to one level after the other and keeps the windows of the level that is being measured. */
class Levels {
  readonly #options: CapacityOptions;
  readonly #observation: Observation;
  #users = 0;
  #windows: Timed<ObservedLoad>[] = [];
  #onRamped: (() => void) | undefined;
  #onSample: (() => void) | undefined;

  constructor(options: CapacityOptions, observation: Observation) {
    this.#options = options;
    this.#observation = observation;
    this.#users = options.ramp.startUsers;
  }

  ramped(): void {
    this.#onRamped?.();
  }

  sample(sample: Timed<ObservedLoad>): void {
    if (!isWholeWindow(sample.data)) return;
    this.#windows.push(sample);
    this.#onSample?.();
  }

  /** Undefined when the run was interrupted before the level could be measured. */
  async measure(load: LoadHandle, users: number, before: Step | undefined): Promise<Step | undefined> {
    const { stepMs, signal } = this.#options;
    await this.settle(load, users, before);
    if (signal.aborted) return undefined;
    await this.collect(load, stepMs, isSettled);
    if (signal.aborted) return undefined;
    return this.record('ramp', users, steadyFrom(this.#values));
  }

  /** Collects windows for `durationMs`, or until they are `enough`; but never fewer than a level needs. */
  async collect(
    load: LoadHandle,
    durationMs: number,
    enough: (values: readonly number[]) => boolean = () => false,
  ): Promise<void> {
    this.#windows = [];
    const endMs = nowMs() + durationMs;
    const collected = new Promise<void>((resolve) => {
      this.#onSample = () => {
        const over = nowMs() >= endMs && this.#windows.length >= fewestWindows;
        if (over || enough(this.#values)) resolve();
      };
    });
    await sleepWhile(Promise.race([collected, load.finished]), longestTimerMs, this.#options.signal);
    this.#onSample = undefined;
  }

  /** Waits until all users of the level run and what the change stirred up is over. */
  async settle(load: LoadHandle, users: number, before: Step | undefined): Promise<void> {
    const { settleMs, signal, load: plan } = this.#options;
    if (users !== this.#users) {
      const ramped = new Promise<void>((resolve) => (this.#onRamped = resolve));
      load.setUsers(users, plan.spawnRate);
      this.#users = users;
      await sleepWhile(Promise.race([ramped, load.finished]), longestTimerMs, signal);
    }
    const answersMs = Math.min(longestSettleMs, 2 * (before?.p95Ms ?? 0));
    await sleepWhile(load.finished, Math.max(settleMs, answersMs), signal);
  }

  /** Writes down the level with the windows from `cut` on, and what they give; nothing where they are too few. */
  record(role: StepEvent['role'], users: number, cut: number): Step | undefined {
    const windows = this.#windows.slice(cut);
    const [first] = windows;
    const last = windows.at(-1);
    if (first === undefined || last === undefined || windows.length < fewestWindows) return undefined;
    const span = { users, startMs: first.atMs - first.data.windowMs, endMs: last.atMs };
    this.#observation.bundle.append({ kind: 'step', role, ...span });
    return measureStep(span, windows, this.#options.thresholds);
  }

  get #values(): number[] {
    return this.#windows.map(({ data }) => succeededRps(data));
  }
}
