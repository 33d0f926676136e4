import { nowMs, sleep } from '../shared/clock.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import type { StackDescription } from '../shared/stack-description.ts';
import { type AnalysedRun, analyse } from './analyse.ts';
import { createCollectors } from './collect/index.ts';
import { procMissing } from './collect/proc-files.ts';
import { readConsolePage } from './console-page.ts';
import { describeArrivals } from './load/executors/describe-executor.ts';
import { scenarioNamesOf } from './load/load-plan.ts';
import type { LoadPlan, LoadPlanSummary } from './load/load-plan.ts';
import { startLoad } from './load/load-process.ts';
import { ThresholdJudge } from './load/threshold-judge.ts';
import type { Threshold } from './load/thresholds.ts';
import { LoadStatistics } from './load/load-statistics.ts';
import { probeTarget } from './probe-target.ts';
import { requiredSources } from './required-sources.ts';
import { type RunDocument, runSchemaVersion } from './run-document.ts';
import { Sampling } from './sampling.ts';
import { type Bundle, createBundle, writeRunDocument } from './timeline/bundle.ts';
import type { PhaseName } from './timeline/events.ts';
import type { LoadSample } from './timeline/samples.ts';

export interface SessionOptions {
  /** Folder of the bundle; made when it is not there. */
  outFolder: string;
  name: string;
  stack: StackDescription;
  load: LoadPlan;
  baselineMs: number;
  /** Length of the steady phase, which begins when every user is running. */
  durationMs: number;
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
  const phase = async (name: PhaseName, remainingMs: number | undefined, body: () => Promise<void>) => {
    if (signal.aborted) return;
    bundle.phase(name, 'start');
    progress.enter(name, remainingMs);
    await sampling.enterPhase(name);
    try {
      await body();
    } finally {
      bundle.phase(name, 'end');
    }
  };
  const ticker = setInterval(() => progress.tick(), 1000);
  try {
    await phase('baseline', options.baselineMs, () => sleep(options.baselineMs, signal));
    const load = startLoad(options.load, {
      logger,
      signal,
      onSample: (sample, atMs) => {
        bundle.append({ kind: 'sample', atMs, source: 'load', target: 'generator', costMs: 0, data: sample });
        progress.load(sample, atMs);
        judge.add(sample, atMs, ramping);
        abortedBy ??= judge.givesUp?.text;
        if (abortedBy !== undefined) givenUp.abort();
      },
    });
    try {
      options.onPlanned?.(await load.planned);
      const rampMs = (options.load.users / options.load.spawnRate) * 1000;
      await phase('ramp', rampMs, () => Promise.race([load.ramped, load.finished, aborted(givenUp.signal)]));
      ramping = false;
      if (!givenUp.signal.aborted) {
        await phase('steady', options.durationMs, () =>
          sleepWhile(load.finished, options.durationMs, ending),
        );
      }
    } finally {
      await load.stop();
    }
    await phase('cool-down', options.coolDownMs, () => sleep(options.coolDownMs, signal));
    return abortedBy;
  } finally {
    clearInterval(ticker);
  }
}

/** Sleeps until `ended` settles at the latest, and leaves no timer behind; rejects with it. */
async function sleepWhile(ended: Promise<void>, durationMs: number, signal: AbortSignal): Promise<void> {
  const awake = new AbortController();
  try {
    await Promise.race([sleep(durationMs, AbortSignal.any([signal, awake.signal])), ended]);
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

  load(sample: LoadSample, atMs: number): void {
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
  const arrivals = describeArrivals(load.executor);
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
      users: load.users,
      spawnRate: load.spawnRate,
      durationMs: options.durationMs,
      scenario: scenarioNamesOf(load),
      ...(arrivals === undefined ? {} : { arrivals }),
      ...(options.thresholds.length === 0 ? {} : { thresholds: options.thresholds.map(({ text }) => text) }),
    },
    phases: [],
    load: {
      ...nothing,
      byName: [],
      generator: { cpuPercent: 0, eventLoopDelayP99Ms: 0, lateStartPercent: 0 },
    },
    collectors: [],
    profiles: [],
    findings: [],
    ruledOut: [],
    notChecked: [],
  };
}
