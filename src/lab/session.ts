import { nowMs, sleep } from '../shared/clock.ts';
import { longestTimerMs } from '../shared/duration.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import type { StackDescription } from '../shared/stack-description.ts';
import { type AnalysedRun, analyse } from './analyse.ts';
import { createCollectors } from './collect/index.ts';
import { procMissing } from './collect/proc-files.ts';
import { readConsolePage } from './console-page.ts';
import type { LoadDriver, LoadWatcher } from './load/load-driver.ts';
import type { LoadPlanSummary } from './load/load-plan.ts';
import { ThresholdJudge } from './load/threshold-judge.ts';
import type { Threshold } from './load/thresholds.ts';
import { LoadStatistics } from './load/load-statistics.ts';
import { probeTarget } from './probe-target.ts';
import { requiredSources } from './required-sources.ts';
import { type RunDocument, runSchemaVersion } from './run-document.ts';
import { Sampling } from './sampling.ts';
import { type Bundle, createBundle, writeRunDocument } from './timeline/bundle.ts';
import type { PhaseName } from './timeline/events.ts';
import type { ObservedLoad } from './timeline/samples.ts';

export interface SessionOptions {
  /** Folder of the bundle; made when it is not there. */
  outFolder: string;
  name: string;
  stack: StackDescription;
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
  versions: Record<string, string>;
  logger: Logger;
  /** Ends the run early; what was collected is kept and analysed. */
  signal: AbortSignal;
  onProgress?: (progress: SessionProgress) => void;
  /** What the load made of the target, once it has seen its tools. */
  onPlanned?: (summary: LoadPlanSummary) => void;
  /** What the user should know of the figures. */
  onNote?: (text: string) => void;
}

/** Where a running session is, told once a second. */
export interface SessionProgress {
  phase: PhaseName;
  /** Undefined where the end is not known. */
  remainingMs: number | undefined;
  users: number;
  rps: number;
  /** Null while nothing finished in the last seconds. */
  p95Ms: number | null;
  failures: number;
}

/**
 * One profiling session: collects through baseline → ramp → steady → cool-down into a bundle on disk, then
 * analyses that bundle. Throws GaugewayError: source_unreadable when a source that was asked for cannot be read at
 * the start, usage when the folder cannot be written, config_invalid when the report page was not built. A source
 * that fails later is a gap in the result.
 */
export async function runSession(options: SessionOptions): Promise<AnalysedRun> {
  const { stack, logger, outFolder } = options;
  // A run that could not be reported at its end had better not begin.
  await readConsolePage('report');
  await probeTarget(stack.gatewayUrl, options.signal);
  const bundle = await createBundle(outFolder);
  const startedMs = nowMs();
  const opening = openingDocument(options, startedMs);
  let abortedBy: string | undefined;
  try {
    await writeRunDocument(outFolder, opening);
    bundle.settings(opening.settings);
    abortedBy = await collect(options, bundle);
  } finally {
    await bundle.close();
  }
  logger.debug('analysing', { stack: stack.name, folder: outFolder });
  return analyse(outFolder, {
    durationMs: nowMs() - startedMs,
    interrupted: options.signal.aborted,
    ...(abortedBy === undefined ? {} : { abortedBy }),
  });
}

/** Resolves to the threshold that ended the load, if one did. */
async function collect(options: SessionOptions, bundle: Bundle): Promise<string | undefined> {
  const { stack, logger, signal } = options;
  const sampling = new Sampling(createCollectors(stack, { logger }), bundle, logger);
  let began = false;
  try {
    const failures = await sampling.open(signal);
    signal.throwIfAborted();
    const failure = failures.find(({ collector }) => isRequiredHere(collector.source));
    if (failure !== undefined) {
      const { source, target } = failure.collector;
      throw new GaugewayError('source_unreadable', `${source} (${target}): ${messageOf(failure.error)}`, {
        cause: failure.error,
      });
    }
    sampling.start();
    began = true;
    const abortedBy = await runPhases(options, bundle, sampling);
    await sampling.finish();
    return abortedBy;
  } catch (error) {
    if (!signal.aborted) throw began ? withKeptRun(error, bundle.folder) : error;
    logger.debug('the run was interrupted', { error: messageOf(error) });
    return undefined;
  } finally {
    await sampling.close();
  }
}

/** The failure of a run that had begun: what it collected is not lost, and the user is told how to look at it. */
function withKeptRun(error: unknown, folder: string): GaugewayError {
  const code = error instanceof GaugewayError ? error.code : 'internal';
  const kept = `what was collected is kept: gaugeway diagnose ${folder}`;
  return new GaugewayError(code, `${messageOf(error)}; ${kept}`, { cause: error });
}

/** Where there is no /proc nobody can do anything about processes: a gap, like that of any other source. */
function isRequiredHere(source: string): boolean {
  return requiredSources.includes(source) && (source !== 'process' || procMissing() === undefined);
}

async function runPhases(
  options: SessionOptions,
  bundle: Bundle,
  sampling: Sampling,
): Promise<string | undefined> {
  const { logger, signal } = options;
  const progress = new ProgressMeter(options.onProgress);
  const judge = new ThresholdJudge(options.abortOnFail ? options.thresholds : []);
  const givenUp = new AbortController();
  const ending = AbortSignal.any([signal, givenUp.signal]);
  let ramping = true;
  let abortedBy: string | undefined;
  const phase = async (
    name: PhaseName,
    remainingMs: number | undefined,
    body: () => Promise<number | void>,
  ) => {
    if (signal.aborted) return;
    bundle.phase(name, 'start');
    progress.enter(name, remainingMs);
    await sampling.enterPhase(name);
    let endedMs: number | void = undefined;
    try {
      endedMs = await body();
    } finally {
      bundle.append({ kind: 'phase', atMs: endedMs ?? nowMs(), phase: name, edge: 'end' });
    }
  };
  const ticker = setInterval(() => progress.tick(), 1000);
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
    await phase('baseline', load.beginsByItself ? undefined : baselineMs, () =>
      load.awaitBeginning(baselineMs, watcher),
    );
    const running = load.start(watcher);
    try {
      const summary = await running.planned;
      if (summary !== undefined) options.onPlanned?.(summary);
      await phase('ramp', load.rampMs, () =>
        Promise.race([running.ramped, running.finished, aborted(givenUp.signal)]),
      );
      ramping = false;
      if (!givenUp.signal.aborted) {
        await phase('steady', durationMs, async () => {
          const ended = await sleepWhile(running.finished, durationMs ?? longestTimerMs, ending);
          return ended ? running.endedMs : undefined;
        });
      }
    } finally {
      await running.stop();
    }
    await phase('cool-down', options.coolDownMs, () => sleep(options.coolDownMs, signal));
    return abortedBy;
  } finally {
    clearInterval(ticker);
  }
}

/** Sleeps until `ended` settles at the latest, and leaves no timer behind; rejects with it. Whether it settled. */
async function sleepWhile(ended: Promise<void>, durationMs: number, signal: AbortSignal): Promise<boolean> {
  const awake = new AbortController();
  try {
    const asleep = sleep(durationMs, AbortSignal.any([signal, awake.signal])).then(() => false);
    return await Promise.race([asleep, ended.then(() => true)]);
  } finally {
    awake.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Folds the load's samples into what a person wants to see each second. */
class ProgressMeter {
  readonly #tell: SessionOptions['onProgress'];
  readonly #load = new LoadStatistics();
  #phase: PhaseName = 'baseline';
  #endMs: number | undefined;

  constructor(tell: SessionOptions['onProgress']) {
    this.#tell = tell;
  }

  enter(phase: PhaseName, remainingMs: number | undefined): void {
    this.#phase = phase;
    this.#endMs = remainingMs === undefined ? undefined : nowMs() + remainingMs;
    this.tick();
  }

  load(sample: ObservedLoad, atMs: number): void {
    this.#load.add(sample, atMs);
  }

  tick(): void {
    const { failures } = this.#load.total;
    const { rps, p95Ms } = this.#load.current();
    this.#tell?.({
      phase: this.#phase,
      remainingMs: this.#endMs === undefined ? undefined : Math.max(0, this.#endMs - nowMs()),
      users: this.#load.users,
      rps,
      p95Ms,
      failures,
    });
  }
}

/** What is known before the first sample: a run that is killed leaves this beside its series. */
function openingDocument(options: SessionOptions, startedMs: number): RunDocument {
  const { stack, load } = options;
  const nothing = {
    requests: 0,
    failures: 0,
    failuresByKind: {},
    rps: 0,
    meanMs: 0,
    minMs: 0,
    p50Ms: 0,
    p95Ms: 0,
    p99Ms: 0,
    maxMs: 0,
  };
  const startedAt = new Date(startedMs).toISOString();
  return {
    schemaVersion: runSchemaVersion,
    id: `${startedAt.replaceAll(/[:.]/g, '-')}-${options.name}`,
    name: options.name,
    startedAt,
    durationMs: 0,
    interrupted: true,
    versions: options.versions,
    stack: {
      name: stack.name,
      embedded: stack.embedded,
      gatewayUrl: stack.gatewayUrl,
      postgres: stack.postgresDsn === undefined ? null : maskSecrets(stack.postgresDsn),
      processes: stack.processes,
    },
    settings: {
      ...load.settings,
      durationMs: options.durationMs ?? null,
      ...(options.thresholds.length === 0 ? {} : { thresholds: options.thresholds.map(({ text }) => text) }),
    },
    phases: [],
    load: {
      ...nothing,
      byName: [],
      generator: {
        cpuPercent: null,
        eventLoopDelayP99Ms: null,
        lateStartPercent: null,
        saturated: false,
        reasons: [],
      },
    },
    collectors: [],
    profiles: [],
    findings: [],
    ruledOut: [],
    notChecked: [],
  };
}
