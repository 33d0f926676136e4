import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { refuseRemote } from '../lab/load/refuse-remote.ts';
import { GaugewayError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { processRoles, type StackDescription } from '../shared/stack-description.ts';
import { startEmbeddedStack } from '../stack/embedded-stack.ts';

export interface StackFlags {
  target?: string;
  token?: string;
  pg?: string;
  pid: StackDescription['processes'];
  allowRemote: boolean;
  data: string;
}

/** The options that say which stack is observed, the same for every command that observes one. */
export function addStackOptions(command: Command): void {
  command
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
    );
}

/** The stack behind `--target`; undefined without one. Throws GaugewayError usage. */
export function describeTarget(flags: StackFlags): StackDescription | undefined {
  const { target } = flags;
  if (target === undefined) {
    if (flags.pg === undefined && flags.pid.length === 0) return undefined;
    throw new GaugewayError('usage', '--pg and --pid describe the stack behind --target, which is missing');
  }
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
