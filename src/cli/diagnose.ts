import type { Command } from 'commander';
import { analyse } from '../lab/analyse.ts';
import { presentRun } from './present-run.ts';

/** `gaugeway diagnose`: the analysis of a session, repeated. */
export function registerDiagnose(program: Command): void {
  program
    .command('diagnose')
    .summary('analyse a recorded run again')
    .description(
      'Analyses a run bundle again, also one whose session was killed, and writes its report anew.',
    )
    .argument('<run>', 'folder of the run bundle')
    .option('--json', 'print the result document instead of the summary', false)
    .action(async (folder: string, { json }: { json: boolean }) => {
      presentRun(await analyse(folder), json);
    });
}
