import { Option } from 'commander';
import type { Command } from 'commander';
import { parseRate, parseRateStages, parseThinkTime, parseUserStages } from '../lab/load/load-model.ts';
import { usualMaxUsers } from '../lab/load/executors/executor-plan.ts';
import { parseDurationMs } from '../shared/duration.ts';
import { wholeNumber } from './option-values.ts';

/** The option of users that pause between two tasks; `usual` is their pause where neither it nor a scenario says one. */
export function addThinkOption(command: Command, usual: string): void {
  command.addOption(
    new Option(
      '--think <min-max>',
      `pause of a user between two tasks; one time for both bounds is constant (default: the scenario's, or ${usual})`,
    ).argParser(parseThinkTime),
  );
}

/** The options that say when tasks begin, the same for every command that runs a load. */
export function addLoadModelOptions(command: Command, think: string): void {
  addThinkOption(command, think);
  command
    .addOption(
      new Option('--constant-pacing <time>', 'a user begins a task this often, however long each takes')
        .argParser(parseDurationMs)
        .conflicts(['constantThroughput', 'think']),
    )
    .addOption(
      new Option('--constant-throughput <n>', 'a user begins this many tasks a second, if it can')
        .argParser(parseRate)
        .conflicts('think'),
    )
    .addOption(
      new Option(
        '--user-stages <time:users,...>',
        "users whose number goes in straight lines from 0, e.g. '30s:50,1m:200,30s:0'; ends with the last stage",
      )
        .argParser(parseUserStages)
        .conflicts(['ui', 'users', 'spawnRate', 'iterations', 'rate', 'stages', 'maxUsers']),
    )
    .addOption(
      new Option('--rate <n/s>', 'open model: tasks arrive at this rate, whatever the target does')
        .argParser(parseRate)
        .conflicts(['think', 'constantPacing', 'constantThroughput']),
    )
    .addOption(
      new Option(
        '--stages <time:rate,...>',
        "open model whose rate goes in straight lines, e.g. '10s:50,30s:200'; begins at --rate, or 0",
      )
        .argParser(parseRateStages)
        .conflicts(['think', 'constantPacing', 'constantThroughput']),
    )
    .option(
      '--max-users <n>',
      `open model: most users to take; arrivals that find all of them busy are dropped and counted (default: ${usualMaxUsers}, or --users)`,
      wholeNumber,
    );
}
