import { Option } from 'commander';
import type { Command } from 'commander';
import { windowsToGiveUp } from '../lab/load/threshold-judge.ts';
import { parseThreshold } from '../lab/load/thresholds.ts';
import type { Threshold } from '../lab/load/thresholds.ts';
import { GaugewayError } from '../shared/errors.ts';

export interface ThresholdFlags {
  threshold: readonly Threshold[];
  abortOnFail: boolean;
}

/** The limits of a load. */
export function addThresholdOption(command: Command): void {
  command.addOption(
    new Option(
      '--threshold <limit>',
      "limit that the load must keep, repeatable: 'p95<200ms', 'error_rate<1%', or 'tools/call:p99<500ms' of the " +
        "requests whose name begins so, with ' each second' behind it for every second by itself; metrics: p50 (any " +
        'percentile), mean, max, error_rate, rps',
    )
      .argParser(oneMore)
      .default([], 'none')
      .conflicts('ui'),
  );
}

/** The options by which a load passes or fails, the same for every command that runs one. */
export function addThresholdOptions(command: Command): void {
  addThresholdOption(command);
  command
    .option(
      '--abort-on-fail',
      `end the load once ${windowsToGiveUp} seconds in a row break a threshold`,
      false,
    )
    .hook('preAction', () => {
      const { threshold, abortOnFail } = command.opts<ThresholdFlags>();
      if (abortOnFail && threshold.length === 0) {
        throw new GaugewayError(
          'usage',
          '--abort-on-fail ends a load that breaks a --threshold, and there is none',
        );
      }
    });
}

function oneMore(text: string, before: readonly Threshold[]): readonly Threshold[] {
  return [...before, parseThreshold(text)];
}
