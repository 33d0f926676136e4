import { type Command, Option } from 'commander';
import { type Era, eras } from '../lab/load/load-plan.ts';
import { wholeNumber } from './option-values.ts';

export interface RunFlags {
  era: Era;
  seed: number;
  name: string;
  out?: string;
  json: boolean;
}

/** How a run is told from others and where it goes, the same for every command that records one; `name` is the usual. */
export function addRunOptions(command: Command, name: string): void {
  command
    .addOption(new Option('--era <era>', 'MCP wire that users speak').choices(eras).default('legacy'))
    .option('--seed <n>', 'makes two runs draw the same tasks and pauses', wholeNumber, 1)
    .option('--name <name>', 'name of the run', name)
    .option('--out <folder>', 'folder of the run bundle (default: runs/<time>-<name>)')
    .option(
      '--json',
      'print the result document (docs/reference/run.schema.json) instead of the summary',
      false,
    );
}
