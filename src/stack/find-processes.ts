import { readdir, readFile } from 'node:fs/promises';
import type { StackFile } from '../config/stack-file.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { listeningSockets, ownListeningSockets } from '../shared/listening-ports.ts';
import { ProcessEndedError, procMissing, readProcFile } from '../shared/proc-files.ts';
import type { WatchedProcess } from '../shared/stack-description.ts';

type ProcessSelector = StackFile['processes'][number];

/**
 * The processes that a stack file means, as they run now; several that one line means are told apart by a number. A
 * line that nothing on this machine answers to is told to `missing`, with its index and what is wrong. Throws
 * GaugewayError usage where there is no `/proc`, and what `missing` throws.
 */
export async function findProcesses(
  selectors: readonly ProcessSelector[],
  missing: (index: number, message: string) => void,
): Promise<WatchedProcess[]> {
  const unable = selectors.length === 0 ? undefined : procMissing();
  if (unable !== undefined) throw new GaugewayError('usage', `processes: ${unable}`);
  const found: WatchedProcess[] = [];
  for (const [at, selector] of selectors.entries()) {
    const name = selector.name ?? selector.role;
    const { pids, fault } = await pidsOrFault(selector);
    if (fault !== undefined) missing(at, fault);
    else if (pids.length === 0) {
      missing(at, `no process that can be watched ${describeSelector(selector)} (${name})`);
    }
    for (const [index, pid] of pids.entries()) {
      found.push({ role: selector.role, name: pids.length === 1 ? name : `${name}-${index + 1}`, pid });
    }
  }
  return found;
}

async function pidsOrFault(selector: ProcessSelector): Promise<{ pids: number[]; fault?: string }> {
  try {
    return { pids: await pidsOf(selector) };
  } catch (error) {
    if (error instanceof GaugewayError) return { pids: [], fault: error.message };
    throw error;
  }
}

/** In words, e.g. `listens on port 4444`. */
function describeSelector({ pid, pidFile, port, match }: ProcessSelector): string {
  if (pid !== undefined) return `has the id ${pid}`;
  if (pidFile !== undefined) return `is named by ${pidFile}`;
  return port === undefined ? `has a command line like ${match}` : `listens on port ${port}`;
}

async function pidsOf({ pid, pidFile, port, match }: ProcessSelector): Promise<number[]> {
  if (pid !== undefined) return (await isRunning(pid)) ? [pid] : [];
  if (pidFile !== undefined) return pidOf(pidFile);
  return port === undefined ? matching(match ?? '') : listeningOn(port);
}

async function pidOf(file: string): Promise<number[]> {
  try {
    const pid = Number.parseInt(await readFile(file, 'utf8'), 10);
    return pid > 0 && (await isRunning(pid)) ? [pid] : [];
  } catch (cause) {
    throw new GaugewayError('usage', `${file}: ${messageOf(cause)}`, { cause });
  }
}

async function matching(pattern: string): Promise<number[]> {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch (cause) {
    throw new GaugewayError('usage', messageOf(cause), { cause });
  }
  return filterProcesses(async (pid) => {
    const commandLine = (await readProcFile(pid, 'cmdline')).replaceAll('\0', ' ').trim();
    return pid !== process.pid && expression.test(commandLine);
  });
}

/** Workers of a server often share the socket of their parent: all of them listen. */
async function listeningOn(port: number): Promise<number[]> {
  const sockets = await listeningSockets(process.pid);
  if (!sockets.some((socket) => socket.port === port)) return [];
  return filterProcesses(async (pid) =>
    (await ownListeningSockets(pid)).some((socket) => socket.port === port),
  );
}

async function filterProcesses(wanted: (pid: number) => Promise<boolean>): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const kept: number[] = [];
  for (const pid of pids.toSorted((a, b) => a - b)) {
    try {
      if (await wanted(pid)) kept.push(pid);
    } catch (error) {
      // Ended meanwhile, or of another user, whose files and sockets are not shown: not one that can be watched.
      if (!(error instanceof GaugewayError)) throw error;
    }
  }
  return kept;
}

async function isRunning(pid: number): Promise<boolean> {
  try {
    await readProcFile(pid, 'stat');
    return true;
  } catch (error) {
    if (error instanceof ProcessEndedError) return false;
    throw error;
  }
}
