import { type Command, Option } from 'commander';
import { containerProcesses } from '../lab/collect/container/container-processes.ts';
import { runtimeOf } from '../lab/profilers/runtime-of.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { ProcessEndedError, procMissing, readProcStat } from '../shared/proc-files.ts';
import { processRoles, type ProcessRole, type WatchedProcess } from '../shared/stack-description.ts';
import { addSourceOptions, readSources, type SourceFlags } from './source-options.ts';

/** Which processes a command of `cpu` or `heap` is about. */
export interface ChoiceFlags extends SourceFlags {
  role?: ProcessRole;
}

export interface SelectionFlags extends ChoiceFlags {
  subprocesses: boolean;
}

/** The options that say which processes are meant, the same for all commands of `cpu` and `heap`. */
export function addChoiceOptions(command: Command): void {
  addSourceOptions(command, ['process', 'container']);
  command.addOption(
    new Option('--role <role>', 'of the stack file only what plays this role (default: gateway)').choices(
      processRoles,
    ),
  );
}

/** The same of commands that follow what the processes start. */
export function addSelectionOptions(command: Command): void {
  addChoiceOptions(command);
  command.option('--subprocesses', 'also the processes that these have started, and start later', false);
}

/**
 * The processes that the options mean, as they run now. What a stack file names and is not there is told to `note`.
 * `startsPrograms`: the command could start one instead. Throws GaugewayError usage for a process that is named and is
 * not there, and when none is meant.
 */
export async function selectProcesses(
  flags: ChoiceFlags,
  note: (text: string) => void,
  { startsPrograms = false } = {},
): Promise<WatchedProcess[]> {
  const missing = procMissing();
  if (missing !== undefined) throw new GaugewayError('usage', `processes cannot be profiled: ${missing}`);
  const { sources } = await readSources(flags, { missing: note });
  for (const { pid } of flags.pid ?? []) await requireRunning(pid);
  const named = flags.pid !== undefined || flags.container !== undefined;
  const role = flags.role ?? (named ? undefined : 'gateway');
  const ofRole = (each: { role: ProcessRole }): boolean => role === undefined || each.role === role;
  // What is named by an option is meant, and not what the stack file has besides.
  const processes = named && flags.pid === undefined ? [] : sources.processes.filter(ofRole);
  const containers = named && flags.container === undefined ? [] : sources.containers.filter(ofRole);
  const found = await containerProcesses({ ...sources, processes }, containers);
  for (const { container, error } of found.failures) {
    throw new GaugewayError('source_unreadable', `container ${container}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const inside = await withKnownFunctions(found.processes);
  const chosen = [...new Map([...processes, ...inside].map((each) => [each.pid, each])).values()];
  if (chosen.length > 0) return chosen;
  if (containers.length === 0) throw nothingChosen(role, startsPrograms);
  throw new GaugewayError(
    'source_unreadable',
    `no process of ${containers.map(({ name }) => `container ${name}`).join(', ')} runs on this machine`,
  );
}

/** A container has a shell or an init beside what it is for: those are meant only where there is nothing else. */
async function withKnownFunctions(processes: readonly WatchedProcess[]): Promise<WatchedProcess[]> {
  const runtimes = await Promise.all(
    processes.map(async (each) => ({ each, runtime: await runtimeOf(each.pid) })),
  );
  const known = runtimes.filter(({ runtime }) => runtime !== 'native');
  return (known.length > 0 ? known : runtimes).map(({ each }) => each);
}

/** A command that is started is what is profiled. Throws GaugewayError usage where something else is named, too. */
export function requireNoProcesses({ pid, container, stack, role }: SelectionFlags): void {
  if ((pid ?? container ?? stack ?? role) === undefined) return;
  throw new GaugewayError('usage', 'give either processes that run, or a command to start after --');
}

function nothingChosen(role: ProcessRole | undefined, startsPrograms: boolean): GaugewayError {
  const missed = role === undefined ? '' : ` with the role ${role}`;
  const ways = startsPrograms ? '--pid PID, --container NAME or -- COMMAND' : '--pid PID or --container NAME';
  return new GaugewayError(
    'usage',
    `no process${missed} was given: name it with ${ways}, or use a stack file ` +
      '(gaugeway discover writes one) with --role ROLE',
  );
}

async function requireRunning(pid: number): Promise<void> {
  try {
    await readProcStat(pid);
  } catch (cause) {
    if (cause instanceof ProcessEndedError) {
      throw new GaugewayError('usage', `there is no process ${pid}`, { cause });
    }
    throw cause;
  }
}
