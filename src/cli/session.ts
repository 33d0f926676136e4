import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { scheduleMs } from '../lab/load/executors/arrival-schedule.ts';
import { engineDriver } from '../lab/load/engine-driver.ts';
import { loadModelOf, usersOf, withWait } from '../lab/load/load-model.ts';
import type { LoadModelFields } from '../lab/load/load-model.ts';
import { createLoadPlan, eras } from '../lab/load/load-plan.ts';
import { refuseRemote } from '../lab/load/refuse-remote.ts';
import { runSession } from '../lab/session.ts';
import { bundleFolder } from '../lab/timeline/bundle.ts';
import { nowMs } from '../shared/clock.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { processRoles, type StackDescription } from '../shared/stack-description.ts';
import { startEmbeddedStack } from '../stack/embedded-stack.ts';
import type { RunningStack } from '../stack/running-stack.ts';
import { addScenarioOptions, readScenarios } from './scenario-options.ts';
import type { ScenarioFlags } from './scenario-options.ts';
import { addExternalLoadOptions, externalDriverOf } from './external-load-options.ts';
import type { ExternalLoadFlags } from './external-load-options.ts';
import { addThresholdOptions } from './threshold-options.ts';
import type { ThresholdFlags } from './threshold-options.ts';
import { addGeneratorOptions, generatorSettingsOf } from './generator-options.ts';
import type { GeneratorFlags } from './generator-options.ts';
import { addLoadModelOptions } from './load-model-options.ts';
import { addTlsOptions, tlsSettingsOf } from './tls-options.ts';
import type { TlsFlags } from './tls-options.ts';
import { positive, wholeNumber } from './option-values.ts';
import { packageVersion } from './package-version.ts';
import { presentRun } from './present-run.ts';
import { ProgressLine } from './progress.ts';
import { interruptSignal } from './interrupt-signal.ts';

interface SessionFlags
  extends ScenarioFlags, LoadModelFields, GeneratorFlags, TlsFlags, ThresholdFlags, ExternalLoadFlags {
  spawnRate: number;
  duration?: number;
  baseline: number;
  coolDown: number;
  era: (typeof eras)[number];
  seed: number;
  name: string;
  out?: string;
  target?: string;
  token?: string;
  pg?: string;
  pid: StackDescription['processes'];
  allowRemote: boolean;
  data: string;
  json: boolean;
}

const usualDurationMs = 30_000;
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
    .option('--spawn-rate <n>', 'users started per second', positive, 25)
    .addOption(
      new Option(
        '--duration <time>',
        'length of the steady phase (default: 30s, or as long as the stages or the test of --load)',
      ).argParser(parseWaitMs),
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
    .addOption(new Option('--era <era>', 'MCP wire that users speak').choices(eras).default('legacy'))
    .option('--seed <n>', 'makes two runs draw the same tasks and pauses', wholeNumber, 1)
    .option('--name <name>', 'name of the run', 'session')
    .option('--out <folder>', 'folder of the run bundle (default: runs/<time>-<name>)')
    .option('--target <url>', 'gateway to profile instead of the embedded stack')
    .addOption(new Option('--token <token>', 'bearer token for the target').env('GAUGEWAY_TOKEN'))
    .option('--pg <dsn>', "PostgreSQL of the target's stack; a role with pg_monitor suffices")
    .addOption(
      new Option('--pid <[role=]pid>', `process to watch, repeatable; roles: ${processRoles.join(', ')}`)
        .argParser(onePid)
        .default([], 'none'),
    )
    .option('--allow-remote', 'send load to a target that is not this machine', false)
    .addOption(
      new Option('--data <folder>', 'where the embedded PostgreSQL lives')
        .env('GAUGEWAY_DATA')
        .default('.gaugeway'),
    )
    .option(
      '--json',
      'print the result document (docs/reference/run.schema.json) instead of the summary',
      false,
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing limits it, 1 failing findings or thresholds, 2 bad usage, 3 a required source could not' +
        '\nbe read, 130 interrupted. Times are written 30s, 1m30s or 500ms.',
    )
    .action(session);
  addScenarioOptions(command);
  addLoadModelOptions(command, '100ms-500ms');
  addGeneratorOptions(command);
  addThresholdOptions(command);
  addExternalLoadOptions(command);
  addTlsOptions(command);
}

async function session(flags: SessionFlags): Promise<void> {
  const progress = new ProgressLine();
  const interrupt = interruptSignal(() => {
    progress.note('stopping; what was collected is kept (again to leave at once)');
  });
  const logger = createLogger('warn');
  if (flags.target === undefined && (flags.pg !== undefined || flags.pid.length > 0)) {
    throw new GaugewayError('usage', '--pg and --pid describe the stack behind --target, which is missing');
  }
  const external = externalDriverOf(flags);
  const target = flags.target === undefined ? undefined : describeTarget(flags, flags.target);
  // Before anything is started, so that a wrong setting is told at once.
  const model = loadModelOf(flags);
  const plan = createLoadPlan({
    targetUrl: target?.gatewayUrl ?? 'http://127.0.0.1',
    spawnRate: flags.spawnRate,
    wait: usualWait,
    users: usersOf(flags, model),
    scenarios: withWait(await readScenarios(flags), model.wait),
    ...model,
    ...generatorSettingsOf(flags),
    ...(flags.server === undefined ? {} : { server: flags.server }),
    ...tlsSettingsOf(flags),
    era: flags.era,
    seed: flags.seed,
  });
  const planMs = scheduleMs(plan.executor);
  const stagesMs = Number.isFinite(planMs) ? planMs : undefined;
  const durationMs = flags.duration ?? stagesMs ?? (external === undefined ? usualDurationMs : undefined);
  const profile = async (stack: StackDescription): Promise<void> => {
    const run = await runSession({
      outFolder: flags.out ?? bundleFolder(flags.name, nowMs()),
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
      logger,
      signal: interrupt.signal,
      onProgress: (state) => progress.show(state),
      onNote: (text) => progress.note(text),
      onPlanned: ({ leftOut }) => {
        for (const { name, reason } of leftOut) progress.note(`left out of the load: ${name} (${reason})`);
      },
    });
    progress.end();
    presentRun(run, flags.json);
  };
  let embedded: RunningStack | undefined;
  try {
    if (target === undefined) {
      embedded = await startEmbeddedStack({
        dataFolder: join(flags.data, 'session'),
        logger,
        signal: interrupt.signal,
        onProgress: (text) => progress.note(text),
      });
      await profile(embedded.description);
    } else {
      await profile(target);
    }
  } finally {
    progress.end();
    await embedded?.stop();
    interrupt.release();
  }
}

function describeTarget(flags: SessionFlags, target: string): StackDescription {
  refuseRemote(target, flags.allowRemote);
  return {
    name: new URL(target).host,
    embedded: false,
    gatewayUrl: target.replace(/(\/mcp)?\/*$/, ''),
    ...(flags.token === undefined ? {} : { token: flags.token }),
    ...(flags.pg === undefined ? {} : { postgresDsn: flags.pg }),
    processes: flags.pid,
  };
}

function onePid(text: string, before: StackDescription['processes']): StackDescription['processes'] {
  const [, roleName = 'gateway', digits] = /^(?:([a-z]+)=)?([1-9]\d{0,9})$/.exec(text) ?? [];
  const role = processRoles.find((name) => name === roleName);
  if (digits === undefined || role === undefined) {
    throw new GaugewayError(
      'usage',
      `--pid takes PID or ROLE=PID (${processRoles.join(', ')}), not '${text}'`,
    );
  }
  return [...before, { role, name: role, pid: Number(digits) }];
}
