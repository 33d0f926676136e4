import { type Command, Option } from 'commander';
import { scheduleMs } from '../lab/load/executors/arrival-schedule.ts';
import { engineDriver } from '../lab/load/engine-driver.ts';
import { loadModelOf, withWait } from '../lab/load/load-model.ts';
import type { LoadModelFields } from '../lab/load/load-model.ts';
import { isOpenModel } from '../lab/load/executors/executor-plan.ts';
import { createLoadPlan } from '../lab/load/load-plan.ts';
import { GuideSamples, type SampleRhythm } from '../lab/report/guide-samples.ts';
import { runSession } from '../lab/session.ts';
import { bundleFolder, runIdOf } from '../lab/timeline/bundle.ts';
import { nowMs } from '../shared/clock.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { oneLine } from '../shared/one-line.ts';
import { createLogger } from '../shared/logger.ts';
import type { StackDescription } from '../shared/stack-description.ts';
import { addScenarioOptions, readScenarios } from './scenario-options.ts';
import type { ScenarioFlags } from './scenario-options.ts';
import { addExternalLoadOptions, externalDriverOf, usualSpawnRate } from './external-load-options.ts';
import type { ExternalLoadFlags } from './external-load-options.ts';
import { addRunOptions } from './run-options.ts';
import type { RunFlags } from './run-options.ts';
import { addStackOptions, describeTarget, withStack } from './stack-options.ts';
import type { StackFlags } from './stack-options.ts';
import { addThresholdOptions } from './threshold-options.ts';
import type { ThresholdFlags } from './threshold-options.ts';
import { addGeneratorOptions, generatorSettingsOf } from './generator-options.ts';
import type { GeneratorFlags } from './generator-options.ts';
import { addLoadModelOptions } from './load-model-options.ts';
import { addTraceContextOption, traceContextOf } from './trace-context-options.ts';
import type { TraceContextFlags } from './trace-context-options.ts';
import { addTlsOptions, tlsSettingsOf } from './tls-options.ts';
import type { TlsFlags } from './tls-options.ts';
import { positive, wholeNumber } from './option-values.ts';
import { packageVersion } from './package-version.ts';
import { addProfilingOptions, profilingOf, type ProfilingFlags } from './profiling-options.ts';
import { presentRun } from './present-run.ts';
import {
  addPyroscopeOptions,
  type PyroscopeFlags,
  pyroscopeHelp,
  pyroscopeOf,
  pushRun,
} from './pyroscope-options.ts';
import { ProgressLine } from './progress.ts';
import { interruptSignal } from './interrupt-signal.ts';

interface SessionFlags
  extends
    ScenarioFlags,
    LoadModelFields,
    GeneratorFlags,
    RunFlags,
    ProfilingFlags,
    StackFlags,
    TlsFlags,
    ThresholdFlags,
    TraceContextFlags,
    PyroscopeFlags,
    ExternalLoadFlags {
  spawnRate?: number;
  duration?: number;
  samples?: number;
  every?: number;
  baseline: number;
  coolDown: number;
}

const usualDurationMs = 30_000;
/** As in the guide's loop. */
const usualEveryMs = 30_000;
const shortestEveryMs = 1000;
/** Longer than that of `load`: people watch a session, and its users are those of an afternoon. */
const usualWait = { kind: 'between', minMs: 100, maxMs: 500 } as const;

export function registerSession(program: Command): void {
  const command = program
    .command('session')
    .summary('load a stack, watch every layer, say what limits it')
    .description(
      'Loads an MCP gateway stack, watches its layers on one timeline, profiles the running gateway and says what ' +
        'limits it.\nWithout --target it brings up a stack of its own: PostgreSQL, the gateway and a sample MCP server.',
    )
    .option('--users <n>', 'simulated users', wholeNumber, 50)
    .option(
      '--spawn-rate <n>',
      `users started per second (default: ${usualSpawnRate}; in the open model all within a second)`,
      positive,
    )
    .addOption(
      new Option(
        '--duration <time>',
        'length of the steady phase (default: 30s, or as long as the stages or the test of --load)',
      ).argParser(parseWaitMs),
    )
    .addOption(
      new Option(
        '--samples <n>',
        "print this many samples while the phase is steady, as the guide's session does",
      )
        .argParser(wholeNumber)
        .conflicts('duration'),
    )
    .addOption(
      new Option('--every <time>', 'time between two of the --samples (default: 30s)').argParser(parseWaitMs),
    )
    .addOption(
      new Option('--baseline <time>', 'quiet time before the load')
        .argParser(parseWaitMs)
        .default(3000, '3s'),
    )
    .addOption(
      new Option('--cool-down <time>', 'quiet time after the load')
        .argParser(parseWaitMs)
        .default(3000, '3s'),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing limits it, 1 failing findings, broken thresholds or no answer at all,' +
        '\n2 bad usage, 3 a required source could not be read, 130 interrupted.' +
        '\nTimes are written 30s, 1m30s or 500ms.' +
        `${pyroscopeHelp} By http they go to private networks` +
        '\nonly, or with --allow-remote anywhere; a push that fails ends with 3.',
    )
    .action(session);
  addRunOptions(command, 'session');
  addStackOptions(command);
  addProfilingOptions(command);
  addPyroscopeOptions(command);
  addScenarioOptions(command);
  addLoadModelOptions(command, '100ms-500ms');
  addGeneratorOptions(command);
  addThresholdOptions(command);
  addExternalLoadOptions(command);
  addTlsOptions(command);
  addTraceContextOption(command);
}

async function session(flags: SessionFlags): Promise<void> {
  const progress = new ProgressLine();
  const interrupt = interruptSignal(() => {
    progress.note('stopping; what was collected is kept (again to leave at once)');
  });
  const logger = createLogger('warn');
  const external = externalDriverOf(flags);
  const rhythm = sampleRhythmOf(flags);
  const profiling = profilingOf(flags);
  const server = await pyroscopeOf(flags);
  const startedMs = nowMs();
  const id = runIdOf(flags.name, startedMs);
  const target = await describeTarget(flags);
  // Before anything is started, so that a wrong setting is told at once.
  const model = loadModelOf(flags);
  const isOpen = model.executor !== undefined && isOpenModel(model.executor);
  const spawnRate = flags.spawnRate ?? (isOpen ? undefined : usualSpawnRate);
  const plan = createLoadPlan({
    targetUrl: target?.gatewayUrl ?? 'http://127.0.0.1',
    ...(spawnRate === undefined ? {} : { spawnRate }),
    wait: usualWait,
    users: flags.users,
    scenarios: withWait(await readScenarios(flags), model.wait),
    ...model,
    ...generatorSettingsOf(flags),
    ...(flags.server === undefined ? {} : { server: flags.server }),
    ...tlsSettingsOf(flags),
    ...traceContextOf(flags, id),
    era: flags.era,
    seed: flags.seed,
  });
  const planMs = scheduleMs(plan.executor);
  const stagesMs = Number.isFinite(planMs) ? planMs : undefined;
  const durationMs =
    (rhythm === undefined ? undefined : rhythm.count * rhythm.everyMs) ??
    flags.duration ??
    stagesMs ??
    (external === undefined ? usualDurationMs : undefined);
  // On stderr beside a result document, which is to stand alone on stdout.
  const samplesTo = flags.json ? process.stderr : process.stdout;
  const columns = samplesTo.isTTY ? samplesTo.columns : 80;
  const guide =
    rhythm &&
    new GuideSamples(rhythm, (lines) => {
      progress.end();
      samplesTo.write(`${lines.map(oneLine).join('\n')}\n\n`);
    });
  const profile = async (stack: StackDescription): Promise<void> => {
    const run = await runSession({
      outFolder: flags.out ?? bundleFolder(flags.name, startedMs),
      id,
      name: flags.name,
      stack,
      load:
        external ??
        engineDriver({
          ...plan,
          targetUrl: stack.gatewayUrl,
          ...(stack.token === undefined ? {} : { token: stack.token }),
        }),
      baselineMs: flags.baseline,
      durationMs,
      coolDownMs: flags.coolDown,
      thresholds: flags.threshold,
      abortOnFail: flags.abortOnFail,
      versions: { gaugeway: packageVersion(), node: process.versions.node },
      profiling,
      logger,
      signal: interrupt.signal,
      ...(guide === undefined ? {} : { onEvent: guide.see }),
      onProgress: (state) => progress.show(state),
      onNote: (text) => progress.note(text),
      onPlanned: ({ leftOut }) => {
        for (const { name, reason } of leftOut) progress.note(`left out of the load: ${name} (${reason})`);
      },
    });
    progress.end();
    guide?.end(columns);
    presentRun(run, flags.json);
    if (server !== undefined) progress.note(await pushRun(server, run, profiling.rateHz));
  };
  const note = (text: string): void => progress.note(text);
  try {
    await withStack(
      target,
      { data: flags.data, folder: 'session', logger, signal: interrupt.signal, note },
      profile,
    );
  } finally {
    progress.end();
    interrupt.release();
  }
}

/** Undefined without `--samples`. Throws GaugewayError usage. */
function sampleRhythmOf({ samples, every }: SessionFlags): SampleRhythm | undefined {
  if (samples === undefined) {
    if (every === undefined) return undefined;
    throw new GaugewayError('usage', '--every is the time between --samples, which are missing');
  }
  if (samples < 1) throw new GaugewayError('usage', '--samples takes 1 or more');
  if (every !== undefined && every < shortestEveryMs) {
    throw new GaugewayError('usage', '--every takes 1s or more: that is how often sources are read');
  }
  return { count: samples, everyMs: every ?? usualEveryMs };
}
