import { type Command, Option } from 'commander';
import { gainOf } from '../lab/capacity/analyse-capacity.ts';
import { fewestWindows } from '../lab/capacity/settling.ts';
import { runCapacity } from '../lab/capacity-run.ts';
import { maxUsers as mostUsers } from '../lab/load/executors/executor-plan.ts';
import { loadModelOf, withWait } from '../lab/load/load-model.ts';
import type { LoadModelFields } from '../lab/load/load-model.ts';
import { createLoadPlan } from '../lab/load/load-plan.ts';
import { stepHeading, stepLine } from '../lab/report/capacity-lines.ts';
import { bundleFolder, runIdOf } from '../lab/timeline/bundle.ts';
import { nowMs } from '../shared/clock.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import type { StackDescription } from '../shared/stack-description.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { addGeneratorOptions, generatorSettingsOf } from './generator-options.ts';
import type { GeneratorFlags } from './generator-options.ts';
import { addThinkOption } from './load-model-options.ts';
import { positive, wholeNumber } from './option-values.ts';
import { packageVersion } from './package-version.ts';
import { addProfilingOptions, profilingOf, type ProfilingFlags } from './profiling-options.ts';
import { presentRun } from './present-run.ts';
import { ProgressLine } from './progress.ts';
import { addRunOptions } from './run-options.ts';
import type { RunFlags } from './run-options.ts';
import { addScenarioOptions, readScenarios } from './scenario-options.ts';
import type { ScenarioFlags } from './scenario-options.ts';
import { addStackOptions, describeTarget, withStack } from './stack-options.ts';
import type { StackFlags } from './stack-options.ts';
import { addTlsOptions, tlsSettingsOf } from './tls-options.ts';
import type { TlsFlags } from './tls-options.ts';
import { addThresholdOption } from './threshold-options.ts';
import type { ThresholdFlags } from './threshold-options.ts';
import { addTraceContextOption, traceContextOf } from './trace-context-options.ts';
import type { TraceContextFlags } from './trace-context-options.ts';

interface CapacityFlags
  extends
    ScenarioFlags,
    RunFlags,
    ProfilingFlags,
    StackFlags,
    GeneratorFlags,
    TlsFlags,
    TraceContextFlags,
    Pick<LoadModelFields, 'think'>,
    Pick<ThresholdFlags, 'threshold'> {
  startUsers: number;
  maxUsers: number;
  spawnRate: number;
  settle: number;
  step: number;
  hold: number;
  baseline: number;
}

const coolDownMs = 1000;
/** That of a session, so that their figures compare. */
const usualWait = { kind: 'between', minMs: 100, maxMs: 500 } as const;

/** `gaugeway capacity`: how much a stack holds, and what gives out first. */
export function registerCapacity(program: Command): void {
  const command = program
    .command('capacity')
    .summary('find out how many users a stack holds, and what gives out first')
    .description(
      'Adds users in steps until a threshold breaks or throughput stops growing, looks at every layer meanwhile, and ' +
        'says how much the stack holds, where the knee lies and what was at its limit there.\nWithout --target it brings ' +
        'up a stack of its own: PostgreSQL, the gateway and a sample MCP server.',
    )
    .option('--start-users <n>', 'users of the first step', wholeNumber, 1)
    .option('--max-users <n>', 'the ramp ends here at the latest', wholeNumber, 5000)
    .option('--spawn-rate <n>', 'users started per second', positive, 100)
    .addOption(time('--settle <time>', 'discarded at the start of each step, at the least', 2000, '2s'))
    .addOption(
      time('--step <time>', 'longest measurement of a step; it ends when its seconds agree', 10_000, '10s'),
    )
    .addOption(
      time('--hold <time>', 'time just past the limit, where its cause is looked for', 10_000, '10s'),
    )
    .addOption(time('--baseline <time>', 'quiet time before the load', 3000, '3s'))
    .addHelpText(
      'after',
      '\nA threshold on rps is held against the capacity itself, any other against each step.' +
        '\nExit codes: 0 the stack holds this much, 1 a threshold is broken from the first step on or by the capacity, or' +
        '\nthe load generator was the limit, 2 bad usage, 3 a required source could not be read, 130 interrupted.' +
        '\nTimes are written 30s, 1m30s or 500ms. How to read the result: docs/guide/capacity.md',
    )
    .action(capacity);
  addRunOptions(command, 'capacity');
  addStackOptions(command);
  addProfilingOptions(command);
  addScenarioOptions(command);
  addThinkOption(command, '100ms-500ms');
  addGeneratorOptions(command);
  addTlsOptions(command);
  addTraceContextOption(command);
  addThresholdOption(command);
}

async function capacity(flags: CapacityFlags): Promise<void> {
  const ramp = rampOf(flags);
  const profiling = profilingOf(flags);
  const startedMs = nowMs();
  const id = runIdOf(flags.name, startedMs);
  const target = await describeTarget(flags);
  // Before anything is started, so that a wrong setting is told at once.
  const model = loadModelOf({ users: ramp.startUsers, think: flags.think });
  const plan = createLoadPlan({
    targetUrl: target?.gatewayUrl ?? 'http://127.0.0.1',
    spawnRate: flags.spawnRate,
    wait: usualWait,
    ...model,
    users: ramp.startUsers,
    scenarios: withWait(await readScenarios(flags), model.wait),
    executor: { kind: 'closed-users' },
    ...(flags.server === undefined ? {} : { server: flags.server }),
    ...generatorSettingsOf(flags),
    ...tlsSettingsOf(flags),
    ...traceContextOf(flags, id),
    era: flags.era,
    seed: flags.seed,
  });
  const progress = new ProgressLine();
  const note = (text: string): void => progress.note(text);
  const interrupt = interruptSignal(() =>
    note('stopping; what was measured is kept (again to leave at once)'),
  );
  const logger = createLogger('warn');
  const find = async (stack: StackDescription): Promise<void> => {
    const run = await runCapacity({
      outFolder: flags.out ?? bundleFolder(flags.name, startedMs),
      id,
      name: flags.name,
      stack,
      load: {
        ...plan,
        targetUrl: stack.gatewayUrl,
        ...(stack.token === undefined ? {} : { token: stack.token }),
      },
      ramp,
      settleMs: flags.settle,
      stepMs: flags.step,
      holdMs: flags.hold,
      baselineMs: flags.baseline,
      coolDownMs,
      thresholds: flags.threshold,
      versions: { gaugeway: packageVersion(), node: process.versions.node },
      profiling,
      logger,
      signal: interrupt.signal,
      onProgress: (state) => progress.show(state),
      onPlanned: ({ leftOut }) => {
        for (const { name, reason } of leftOut) note(`left out of the load: ${name} (${reason})`);
      },
      onStep: (step, earlier) => {
        if (earlier.length === 0) note(stepHeading());
        note(stepLine({ ...step, gainPer20Percent: gainOf(step, earlier) }));
      },
    });
    progress.end();
    presentRun(run, flags.json);
  };
  try {
    const embedded = { data: flags.data, folder: 'capacity', logger, signal: interrupt.signal, note };
    await withStack(target, embedded, find);
  } finally {
    progress.end();
    interrupt.release();
  }
}

function rampOf({ startUsers, maxUsers, step }: CapacityFlags): { startUsers: number; maxUsers: number } {
  if (startUsers < 1 || startUsers > maxUsers || maxUsers > mostUsers) {
    throw new GaugewayError(
      'usage',
      `--start-users ${startUsers} and --max-users ${maxUsers}: they go from 1 to ${mostUsers}, the start first`,
    );
  }
  if (step < fewestWindows * 1000) {
    throw new GaugewayError('usage', `--step is at least ${fewestWindows}s: figures come once a second`);
  }
  return { startUsers, maxUsers };
}

function time(flag: string, description: string, value: number, text: string): Option {
  return new Option(flag, description).argParser(parseWaitMs).default(value, text);
}
