import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { refuseRemote } from '../lab/load/refuse-remote.ts';
import { GaugewayError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { StackDescription } from '../shared/stack-description.ts';
import { startEmbeddedStack } from '../stack/embedded-stack.ts';
import {
  addSourceOptions,
  namesSources,
  readSources,
  sourceKinds,
  type SourceFlags,
} from './source-options.ts';

export interface StackFlags extends SourceFlags {
  target?: string;
  token?: string;
  allowRemote: boolean;
  data: string;
}

/** The options that say which stack is observed, the same for every command that observes one. */
export function addStackOptions(command: Command): void {
  command
    .option('--target <url>', 'gateway to profile instead of the embedded stack')
    .addOption(new Option('--token <token>', 'bearer token for the target').env('GAUGEWAY_TOKEN'))
    .option('--allow-remote', 'send load to a target that is not this machine', false)
    .addOption(
      new Option('--data <folder>', 'where the embedded PostgreSQL lives')
        .env('GAUGEWAY_DATA')
        .default('.gaugeway'),
    );
  addSourceOptions(command, sourceKinds);
}

/**
 * The stack behind `--target`, or of the file behind `--stack`; undefined without either. Throws GaugewayError usage.
 */
export async function describeTarget(flags: StackFlags): Promise<StackDescription | undefined> {
  if (flags.target === undefined && flags.stack === undefined) {
    if (!namesSources(flags)) return undefined;
    throw new GaugewayError(
      'usage',
      'these options describe the stack behind --target, or the file behind --stack, which are missing',
    );
  }
  const { sources, settings } = await readSources(flags, {
    usual: null,
    missing(message) {
      throw new GaugewayError('usage', `${message}; gaugeway doctor checks all of the stack`);
    },
  });
  const target = flags.target ?? settings.gateway?.url;
  if (target === undefined)
    throw new GaugewayError('usage', 'the stack file names no gateway: give --target');
  refuseRemote(target, flags.allowRemote);
  const token = flags.token ?? settings.gateway?.token;
  return {
    ...sources,
    name: settings.name ?? new URL(target).host,
    embedded: false,
    gatewayUrl: target.replace(/(\/mcp)?\/*$/, ''),
    ...(token === undefined ? {} : { token }),
  };
}

/**
 * Gives `use` the stack behind `--target`, or without one an embedded stack, which is stopped afterwards. `folder` is
 * the embedded stack's within `--data`.
 */
export async function withStack(
  target: StackDescription | undefined,
  embedded: { data: string; folder: string; logger: Logger; signal: AbortSignal; note(text: string): void },
  use: (stack: StackDescription) => Promise<void>,
): Promise<void> {
  if (target !== undefined) return use(target);
  const stack = await startEmbeddedStack({
    dataFolder: join(embedded.data, embedded.folder),
    logger: embedded.logger,
    signal: embedded.signal,
    onProgress: (text) => embedded.note(text),
  });
  try {
    await use(stack.description);
  } finally {
    await stack.stop();
  }
}
