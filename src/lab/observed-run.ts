import { nowMs } from '../shared/clock.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { describeLogOrigin, type StackDescription } from '../shared/stack-description.ts';
import { type AnalysedRun, analyse } from './analyse.ts';
import { gatewayProcesses } from './collect/container/container-processes.ts';
import { gatewayWorkers } from './collect/gateway-workers.ts';
import { createCollectors } from './collect/index.ts';
import { type ProfilingSettings, usualProfiling } from './collect/profiling-settings.ts';
import { procMissing } from '../shared/proc-files.ts';
import { readConsolePage } from './console-page.ts';
import { probeTarget } from './probe-target.ts';
import { requiredSources } from './required-sources.ts';
import { type RunDocument, runSchemaVersion } from './run-document.ts';
import { Sampling } from './sampling.ts';
import { type Bundle, createBundle, writeRunDocument } from './timeline/bundle.ts';
import type { PhaseName, SeriesEvent } from './timeline/events.ts';

export interface ObservedRunOptions {
  /** Folder of the bundle; made when it is not there. */
  outFolder: string;
  /** By which the result document and the requests of the load are told from others. */
  id: string;
  name: string;
  stack: StackDescription;
  versions: Record<string, string>;
  logger: Logger;
  /** As usual when it is not given. */
  profiling?: ProfilingSettings;
  /** Ends the run early; what was collected is kept and analysed. */
  signal: AbortSignal;
  /** Everything that is seen, as it comes. */
  onEvent?: (event: SeriesEvent) => void;
}

/** What puts the load on the stack while every source of it is sampled. */
export interface Observation {
  readonly bundle: Bundle;
  /**
   * Marks `body` as a phase on the timeline, which ends with it, or at the moment that it resolves to where that was
   * noticed only later. It begins now, or at `beganMs` where that was noticed only now. Does nothing once the run is
   * interrupted.
   */
  phase(name: PhaseName, body: () => Promise<number | void>, beganMs?: number): Promise<void>;
}

/**
 * Runs `body` while all sources of the stack are sampled into a bundle on disk, then analyses that bundle. `body`
 * resolves to the threshold that ended the load, if one did. Throws GaugewayError: source_unreadable when a source
 * that was asked for cannot be read at the start, usage when the folder cannot be written, config_invalid when the
 * report page was not built, and what `body` throws. A source that fails later is a gap in the result.
 */
export async function observeRun(
  given: ObservedRunOptions,
  settings: RunDocument['settings'],
  body: (observation: Observation) => Promise<string | undefined>,
): Promise<AnalysedRun> {
  const { logger, outFolder, signal } = given;
  // A run that could not be reported at its end had better not begin.
  await readConsolePage('report');
  await probeTarget(given.stack.gatewayUrl, signal);
  const inContainers = await gatewayProcesses(given.stack);
  const listed = [...given.stack.processes, ...inContainers.processes];
  const stack = { ...given.stack, processes: [...listed, ...(await gatewayWorkers(listed))] };
  const options = { ...given, stack };
  const bundle = await createBundle(outFolder, options.onEvent);
  const startedMs = nowMs();
  let abortedBy: string | undefined;
  try {
    await writeRunDocument(outFolder, openingDocument(options, settings, startedMs));
    bundle.settings(settings);
    for (const { container, error } of inContainers.failures) bundle.gap('process', container, error);
    for (const role of given.profiling?.roles ?? []) {
      if (stack.processes.some((watched) => watched.role === role)) continue;
      bundle.gap('cpu-profile', role, `no process of it is known here: name it with --pid ${role}=PID`);
    }
    abortedBy = await collect(options, bundle, body);
  } finally {
    await bundle.close();
  }
  logger.debug('analysing', { stack: stack.name, folder: outFolder });
  return analyse(outFolder, {
    durationMs: nowMs() - startedMs,
    interrupted: signal.aborted,
    ...(abortedBy === undefined ? {} : { abortedBy }),
  });
}

async function collect(
  { stack, logger, profiling, signal }: ObservedRunOptions,
  bundle: Bundle,
  body: (observation: Observation) => Promise<string | undefined>,
): Promise<string | undefined> {
  const sampling: Sampling = new Sampling(
    createCollectors(stack, {
      logger,
      profiling: profiling ?? usualProfiling,
      join: (late) => sampling.add(late),
    }),
    bundle,
    logger,
  );
  const phase = async (
    name: PhaseName,
    run: () => Promise<number | void>,
    beganMs?: number,
  ): Promise<void> => {
    if (signal.aborted) return;
    bundle.phase(name, 'start', beganMs);
    await sampling.enterPhase(name);
    let endedMs: number | void = undefined;
    try {
      endedMs = await run();
    } finally {
      bundle.phase(name, 'end', endedMs ?? undefined);
    }
  };
  let began = false;
  try {
    const failures = await sampling.open(signal);
    signal.throwIfAborted();
    const unreadContainers = failures.filter(({ collector }) => collector.source === 'container').length;
    const failure = failures.find(
      ({ collector: { source } }) =>
        isRequiredHere(source) &&
        // One that is stopped leaves the others to be seen.
        (source !== 'container' || unreadContainers === stack.containers.length),
    );
    if (failure !== undefined) {
      const { source, target } = failure.collector;
      const message = `${source} (${target}): ${messageOf(failure.error)}`;
      const hint = stack.embedded ? '' : '; gaugeway doctor says what is missing';
      throw new GaugewayError('source_unreadable', `${message}${hint}`, { cause: failure.error });
    }
    sampling.start();
    began = true;
    const abortedBy = await body({ bundle, phase });
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

/** What is known before the first sample: a run that is killed leaves this beside its series. */
function openingDocument(
  { id, name, stack, versions }: ObservedRunOptions,
  settings: RunDocument['settings'],
  startedMs: number,
): RunDocument {
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
    id,
    name,
    startedAt,
    durationMs: 0,
    interrupted: true,
    versions,
    stack: {
      name: stack.name,
      embedded: stack.embedded,
      gatewayUrl: stack.gatewayUrl,
      postgres: stack.postgresDsn === undefined ? null : maskSecrets(stack.postgresDsn),
      pgbouncer: stack.pgbouncerDsn === undefined ? null : maskSecrets(stack.pgbouncerDsn),
      redis: stack.redisUrl === undefined ? null : maskSecrets(stack.redisUrl),
      nginx: stack.nginx ?? null,
      processes: stack.processes,
      containers: stack.containers,
      logs: stack.logs.map((log) => ({ ...log, from: describeLogOrigin(log.from) })),
    },
    settings,
    phases: [],
    load: {
      ...nothing,
      byName: [],
      generator: {
        cpuPercent: null,
        eventLoopDelayP99Ms: null,
        lateStartPercent: null,
        saturated: null,
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
