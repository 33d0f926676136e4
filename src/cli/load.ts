import { join } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { isOpenModel } from '../lab/load/executors/executor-plan.ts';
import { doubtOf } from '../lab/load/generator-health.ts';
import { createLoadPlan } from '../lab/load/load-plan.ts';
import type { LoadPlan } from '../lab/load/load-plan.ts';
import { loadModelOf, withWait } from '../lab/load/load-model.ts';
import type { LoadModelFields } from '../lab/load/load-model.ts';
import { startLoad } from '../lab/load/load-process.ts';
import type { LoadStatistics } from '../lab/load/load-statistics.ts';
import { describeThresholds, ThresholdJudge } from '../lab/load/threshold-judge.ts';
import {
  renderExceptions,
  renderGenerator,
  renderLoadLine,
  renderLoadTable,
} from '../lab/load/load-table.ts';
import type { WeightedScenario } from '../lab/load/scenarios/scenario.ts';
import type { ThresholdResult } from '../lab/run-document.ts';
import { refuseRemote } from '../lab/load/refuse-remote.ts';
import { runIdOf } from '../lab/timeline/bundle.ts';
import { nowMs } from '../shared/clock.ts';
import { longestTimerMs, parseWaitMs } from '../shared/duration.ts';
import { createLogger } from '../shared/logger.ts';
import { startEmbeddedStack } from '../stack/embedded-stack.ts';
import type { RunningStack } from '../stack/running-stack.ts';
import { exitCodes } from './exit-codes.ts';
import { registerLoadExport } from './load-export.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { addLoadOutputOptions, LoadOutputs, refuseOutputsOfPage } from './load-outputs.ts';
import type { LoadOutputFlags } from './load-outputs.ts';
import { addScenarioOptions, readScenarios } from './scenario-options.ts';
import type { ScenarioFlags } from './scenario-options.ts';
import { addThresholdOptions } from './threshold-options.ts';
import type { ThresholdFlags } from './threshold-options.ts';
import { addGeneratorOptions, generatorSettingsOf } from './generator-options.ts';
import type { GeneratorFlags } from './generator-options.ts';
import { addLoadPageOptions, pageSettingsOf, servePage } from './load-page-options.ts';
import type { LoadPageFlags } from './load-page-options.ts';
import { addLoadModelOptions } from './load-model-options.ts';
import { addTlsOptions, tlsSettingsOf } from './tls-options.ts';
import type { TlsFlags } from './tls-options.ts';
import { addPlanOptions, planSettingsOf } from './plan-options.ts';
import type { PlanFlags } from './plan-options.ts';
import { addTraceContextOption, traceContextOf } from './trace-context-options.ts';
import type { TraceContextFlags } from './trace-context-options.ts';
import { LiveTable } from './live-table.ts';
import { oneLine } from '../shared/one-line.ts';

interface LoadFlags
  extends
    ScenarioFlags,
    PlanFlags,
    LoadModelFields,
    GeneratorFlags,
    TlsFlags,
    LoadOutputFlags,
    LoadPageFlags,
    ThresholdFlags,
    TraceContextFlags {
  target?: string;
  runTime?: number;
  allowRemote: boolean;
  data: string;
  failOnError: boolean;
  json: boolean;
}

const logger = createLogger('warn');

export function registerLoad(program: Command): void {
  const command = addPlanOptions(
    program
      .command('load')
      .enablePositionalOptions()
      .summary('put MCP users on a target and say how it answers')
      .description(
        'Puts MCP users on a target and counts what it answers, on the terminal or, with --ui, from a page in the ' +
          'browser.\nWithout --target it brings up a stack of its own: PostgreSQL, the gateway and a sample MCP server.',
      )
      .option('-H, --target <url>', 'base URL of the gateway, or its MCP endpoint')
      .addOption(new Option('--host <url>', "the same as --target, by Locust's name").conflicts('target'))
      .addOption(
        new Option('--headless', "without a page, as without --ui: Locust's users write it").conflicts('ui'),
      ),
    'makes two runs draw the same tasks and pauses',
  )
    .option('-t, --run-time <time>', 'stop after this time (default: Ctrl-C stops)', parseWaitMs)
    .option('--allow-remote', 'send load to a target that is not this machine', false)
    .addOption(
      new Option('--data <folder>', 'where the embedded PostgreSQL lives')
        .env('GAUGEWAY_DATA')
        .default('.gaugeway'),
    )
    .option('--fail-on-error', 'exit with 1 when any request failed', false)
    .option('--json', 'print the figures as JSON instead of a table', false);
  // Before the hook of the scenarios, which asks what the target is.
  command.hook('preAction', (_program, asked) => {
    const { host }: { host?: string } = asked.opts();
    if (asked === command && host !== undefined) asked.setOptionValueWithSource('target', host, 'cli');
  });
  addScenarioOptions(command);
  addLoadPageOptions(command);
  addLoadModelOptions(command, '50ms-300ms');
  addGeneratorOptions(command);
  addThresholdOptions(command);
  addTlsOptions(command);
  addTraceContextOption(command);
  addLoadOutputOptions(command)
    .addHelpText(
      'after',
      '\nExit codes: 0 it ran; 1 a threshold was broken, code of a scenario threw or nothing was answered (or any' +
        '\nrequest failed, with --fail-on-error); 2 bad usage; 3 the target does not answer; 130 interrupted.' +
        '\nTimes are written 30s, 1m30s or 500ms.',
    )
    .action(load);
  registerLoadExport(command);
}

async function load(flags: LoadFlags): Promise<void> {
  if (flags.ui) refuseOutputsOfPage(flags);
  pageSettingsOf(flags);
  // Whatever is wrong with the options is told before anything is started.
  const run = { scenarios: await readScenarios(flags), runId: runIdOf('load', nowMs()) };
  const { targetUrl } = planOf(flags, run, flags.target ?? 'http://127.0.0.1');
  refuseRemote(targetUrl, flags.allowRemote);
  const outputs = flags.ui ? undefined : await LoadOutputs.open(flags);
  const interrupt = interruptSignal(() => process.stderr.write('\nstopping\n'));
  let stack: RunningStack | undefined;
  try {
    stack =
      flags.target === undefined
        ? await startEmbeddedStack({
            dataFolder: join(flags.data, 'load'),
            logger,
            signal: interrupt.signal,
            onProgress: (text) => process.stderr.write(`${text}\n`),
          })
        : undefined;
    const token = stack?.description.token ?? flags.token;
    const target = flags.target ?? stack?.description.gatewayUrl ?? '';
    const plan = planOf({ ...flags, ...(token === undefined ? {} : { token }) }, run, target);
    await (outputs === undefined
      ? servePage({ plan, model: loadModelOf(flags), flags, logger, signal: interrupt.signal })
      : runHeadless(plan, flags, outputs, interrupt.signal));
  } finally {
    await stack?.stop();
    interrupt.release();
  }
}

function planOf(
  flags: LoadFlags,
  { scenarios, runId }: { scenarios: WeightedScenario[]; runId: string },
  targetUrl: string,
): LoadPlan {
  const model = loadModelOf(flags);
  return createLoadPlan({
    targetUrl,
    ...planSettingsOf(flags),
    scenarios: withWait(scenarios, model.wait),
    ...model,
    ...generatorSettingsOf(flags),
    ...(flags.server === undefined ? {} : { server: flags.server }),
    ...tlsSettingsOf(flags),
    ...traceContextOf(flags, runId),
  });
}

async function runHeadless(
  plan: LoadPlan,
  flags: LoadFlags,
  outputs: LoadOutputs,
  signal: AbortSignal,
): Promise<void> {
  const { statistics } = outputs;
  const live = new LiveTable(process.stderr);
  const judge = new ThresholdJudge(flags.threshold);
  let ramping = true;
  let abortedBy: string | undefined;
  const running = startLoad(plan, {
    logger,
    onException: (exception) => outputs.exceptions.add(exception),
    onRamped: () => (ramping = false),
    onSample: (sample, atMs) => {
      outputs.add(sample, atMs);
      judge.add(sample, atMs, ramping);
      if (flags.abortOnFail && abortedBy === undefined && judge.givesUp !== undefined) {
        abortedBy = judge.givesUp.text;
        stop();
      }
      if (flags.onlySummary) return;
      live.show((options) => renderLoadTable(statistics, options), renderLoadLine(statistics));
    },
  });
  const stop = (): void => void running.stop();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  let timer: NodeJS.Timeout | undefined;
  try {
    const summary = await running.planned;
    outputs.plan = summary;
    for (const { name, reason } of summary.leftOut) {
      process.stderr.write(`${oneLine(`left out: ${name} (${reason})`)}\n`);
    }
    // Arrivals begin when the users are there; the closed model's ramp is part of the load.
    if (isOpenModel(plan.executor)) await Promise.race([running.ramped, running.finished]);
    timer = setTimeout(stop, flags.runTime ?? longestTimerMs);
    await running.finished;
  } catch (error) {
    live.clear();
    await outputs.finish(plan, error);
    // What was seen before the generator died is true.
    if (statistics.total.requests > 0) printFigures(outputs, judge.results(abortedBy), plan, flags.json);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    live.clear();
  }
  await outputs.finish(plan);
  const thresholds = judge.results(abortedBy);
  printFigures(outputs, thresholds, plan, flags.json);
  if (signal.aborted && endsByItself(plan, flags)) process.exitCode = exitCodes.interrupted;
  else if (failed(statistics, thresholds, flags)) process.exitCode = exitCodes.failure;
  else if (statistics.total.requests === 0) {
    process.stderr.write('no request was finished: nothing is known of the target\n');
    process.exitCode = exitCodes.failure;
  } else if (outputs.exceptions.list.length > 0) process.exitCode = exitCodes.failure;
}

/** Whether Ctrl-C ended the load before its time; a load without an end is meant to be ended so. */
function endsByItself({ executor }: LoadPlan, { runTime, iterations }: LoadFlags): boolean {
  const hasStages = executor.kind === 'staged-users' || executor.kind === 'ramping-arrival-rate';
  return runTime !== undefined || iterations !== undefined || hasStages;
}

function failed(
  { total }: LoadStatistics,
  thresholds: readonly ThresholdResult[],
  { failOnError }: LoadFlags,
): boolean {
  return thresholds.some(({ passed }) => !passed) || (failOnError && total.failures > 0);
}

function printFigures(
  { statistics, exceptions: { list: exceptions } }: LoadOutputs,
  thresholds: readonly ThresholdResult[],
  { traceContext }: LoadPlan,
  asJson: boolean,
): void {
  const { isTTY } = process.stdout;
  const columns = isTTY ? process.stdout.columns : 120;
  const color = isTTY && process.env['NO_COLOR'] === undefined;
  if (asJson) for (const line of renderGenerator(statistics, columns)) process.stderr.write(`${line}\n`);
  process.stdout.write(
    asJson
      ? `${JSON.stringify({ runId: traceContext?.runId ?? null, ...statistics.summary, thresholds, exceptions }, null, 2)}\n`
      : [
          renderLoadTable(statistics, { columns, color }),
          ...renderExceptions(exceptions).map((line) => `${line}\n`),
          ...renderThresholds(thresholds, doubtOf(statistics.generator)),
        ].join(''),
  );
}

function renderThresholds(results: readonly ThresholdResult[], doubt: '!' | ''): string[] {
  if (results.length === 0) return [];
  return ['\n', ...describeThresholds(results, doubt).map((line) => `${line}\n`)];
}
