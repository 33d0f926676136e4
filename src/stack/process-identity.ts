import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasErrorCode } from '../shared/system-error.ts';

const run = promisify(execFile);

/** Whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'ESRCH')) return false;
    if (hasErrorCode(error, 'EPERM')) return true;
    throw error;
  }
}

/** Sends a signal to a process, or to a group with its negated id; one that has just ended is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasErrorCode(error, 'ESRCH')) throw error;
  }
}

/**
 * A mark that, with the pid, names one process: the system uses pids again. On Linux the start time in clock
 * ticks since boot (proc_pid_stat(5), field 22), elsewhere what `ps` says. Undefined when there is no such process.
 */
export async function processStartMark(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return await ps(pid, 'lstart');
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command's name is in parentheses and may hold spaces; field 22 is the 20th after it.
    return stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19);
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** Whether `pid` is a postmaster that runs on `dataDirectory` (a real path), and not a later user of its pid. */
export async function isPostmasterOf(pid: number, dataDirectory: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return (await ps(pid, 'command'))?.includes(dataDirectory) ?? false;
  try {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    // A postmaster's working directory is its data directory.
    return commandLine.includes('postgres') && (await readlink(`/proc/${pid}/cwd`)) === dataDirectory;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ESRCH', 'EACCES')) return false;
    throw error;
  }
}

async function ps(pid: number, column: 'lstart' | 'command'): Promise<string | undefined> {
  try {
    return (await run('ps', ['-o', `${column}=`, '-p', String(pid)])).stdout.trim();
  } catch (error) {
    // ps exits with 1 when there is no such process.
    if (error instanceof Error && 'code' in error && error.code === 1) return undefined;
    throw error;
  }
}
