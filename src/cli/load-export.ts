import { Option } from 'commander';
import type { Command } from 'commander';
import { exportEngines } from '../lab/load/export/expressible.ts';
import type { ExportEngine } from '../lab/load/export/expressible.ts';
import { exportLoad } from '../lab/load/export/export-load.ts';
import { loadModelOf, withWait } from '../lab/load/load-model.ts';
import type { LoadModelFields } from '../lab/load/load-model.ts';
import { createLoadPlan } from '../lab/load/load-plan.ts';
import { refuseRemote } from '../lab/load/refuse-remote.ts';
import { writeAtomically } from '../lab/timeline/write-atomically.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { addLoadModelOptions } from './load-model-options.ts';
import { addPlanOptions, planSettingsOf } from './plan-options.ts';
import type { PlanFlags } from './plan-options.ts';
import { addScenarioOptions, readScenarios } from './scenario-options.ts';
import type { ScenarioFlags } from './scenario-options.ts';
import { addThresholdOptions } from './threshold-options.ts';
import type { ThresholdFlags } from './threshold-options.ts';
import { addTlsOptions, tlsSettingsOf } from './tls-options.ts';
import type { TlsFlags } from './tls-options.ts';
import { oneLine } from '../shared/one-line.ts';

interface ExportFlags extends ScenarioFlags, PlanFlags, LoadModelFields, ThresholdFlags, TlsFlags {
  engine: ExportEngine;
  target: string;
  out?: string;
  runTime: number;
  allowRemote: boolean;
}

/** `gaugeway load export`: the same load for those who run another engine. */
export function registerLoadExport(load: Command): void {
  const command = addPlanOptions(
    load
      .command('export')
      .summary('write the load as a locustfile or a k6 script')
      .description(
        'Asks the target once what it has, and writes the load that `gaugeway load` would send as a script for another ' +
          'engine.\nA token is never written into it: the script reads GAUGEWAY_TOKEN when it runs.',
      )
      .addOption(new Option('--engine <name>', 'whose script').choices(exportEngines).makeOptionMandatory())
      .requiredOption('--target <url>', 'base URL of the gateway, or its MCP endpoint')
      .option('-o, --out <file>', 'where to write it (default: standard output)'),
    'makes two exports have the same arguments for tools',
  )
    .addOption(
      new Option('-t, --run-time <time>', 'how long the test runs')
        .argParser(parseWaitMs)
        .default(60_000, '1m'),
    )
    .option('--allow-remote', 'ask a target that is not this machine', false)
    .addHelpText(
      'after',
      '\nTimes are written 30s, 1m30s or 500ms. What a script cannot say is refused, with its place.',
    )
    .action(exportTo);
  addScenarioOptions(command);
  addLoadModelOptions(command, '50ms-300ms');
  addThresholdOptions(command);
  addTlsOptions(command);
}

async function exportTo(flags: ExportFlags): Promise<void> {
  const model = loadModelOf(flags);
  const plan = createLoadPlan({
    targetUrl: flags.target,
    ...planSettingsOf(flags),
    scenarios: withWait(await readScenarios(flags), model.wait),
    ...model,
    ...(flags.server === undefined ? {} : { server: flags.server }),
    ...tlsSettingsOf(flags),
  });
  refuseRemote(plan.targetUrl, flags.allowRemote);
  const { script, notes, leftOut } = await exportLoad(flags.engine, plan, {
    thresholds: flags.threshold,
    abortOnFail: flags.abortOnFail,
    runTimeMs: flags.runTime,
  });
  const lines = [...leftOut.map(({ name, reason }) => `left out: ${name} (${reason})`), ...notes];
  for (const line of lines) process.stderr.write(`${oneLine(line)}\n`);
  if (flags.out === undefined) {
    process.stdout.write(script);
    return;
  }
  await writeAtomically(flags.out, script).catch((cause: unknown) => {
    const reason = `the script cannot be written to ${flags.out} (${messageOf(cause)})`;
    throw new GaugewayError('usage', reason, { cause });
  });
}
