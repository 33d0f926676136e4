import { readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import {
  parseProcStat,
  parseProcStatus,
  ProcessEndedError,
  procMissing,
  readProcLink,
  readProcStat,
  readProcStatus,
} from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';
import { NotApplicableError } from '../../collect/not-applicable.ts';
import { whyLoopbackUnreachable } from './loopback-reach.ts';

/** Of `caughtSignals`. */
export const sigusr1Bit = 1n << 9n;

/** What tells a process that may be signalled from what its number stands for later. */
export interface Attachable {
  pid: number;
  startTicks: number;
  executable: string;
}

/**
 * Whether a process may be sent SIGUSR1, whose default action ends a process that does not catch it: it must be a
 * Node binary that catches the signal, ours to signal, not this process, and its loopback must be within reach.
 * Whether the catching is Node's own or the program's, nothing outside of the process tells. Throws GaugewayError
 * `usage` with the reason when not, which is a NotApplicableError for a program that is not Node.
 */
export async function requireAttachable(pid: number): Promise<Attachable> {
  const refuse = (reason: string): never => {
    throw new GaugewayError('usage', `process ${pid} ${reason}; it was not signalled`);
  };
  const missing = procMissing();
  if (missing !== undefined) refuse(`cannot be attached to: ${missing}`);
  if (pid === process.pid) refuse('is this lab itself');
  const { startTicks } = await readProcStat(pid);
  const status = await readProcStatus(pid);
  const uid = process.getuid?.();
  if (uid !== 0 && uid !== status.uid) refuse(`belongs to user id ${status.uid}, and this is user id ${uid}`);
  const executable = withoutDeleted(await readProcLink(pid, 'exe'));
  if (!/^node(js)?(-?\d+)?$/.test(basename(executable))) {
    throw new NotApplicableError(`process ${pid} is not Node (it runs ${executable}); it was not signalled`);
  }
  if ((status.caughtSignals & sigusr1Bit) === 0n) {
    refuse('does not catch SIGUSR1 (it ignores the signal or was started with --disable-sigusr1)');
  }
  const unreachable = await whyLoopbackUnreachable(pid);
  if (unreachable !== undefined) refuse(unreachable);
  return { pid, startTicks, executable };
}

/**
 * Sends SIGUSR1, if the process is still what it was when it was found to be attachable: it may have become another
 * program since, or have ended and left its number to one, which the signal would end. Nothing is waited for between this
 * look and the signal. Throws GaugewayError `usage`, and ProcessEndedError.
 */
export function signalToOpen({ pid, startTicks, executable }: Attachable): void {
  try {
    const isSame =
      parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).startTicks === startTicks &&
      withoutDeleted(readlinkSync(`/proc/${pid}/exe`)) === executable;
    const { caughtSignals } = parseProcStatus(readFileSync(`/proc/${pid}/status`, 'utf8'));
    if (!isSame || (caughtSignals & sigusr1Bit) === 0n) {
      throw new GaugewayError('usage', `process ${pid} became another program; it was not signalled`);
    }
    process.kill(pid, 'SIGUSR1');
  } catch (error) {
    if (error instanceof GaugewayError) throw error;
    if (hasErrorCode(error, 'ESRCH', 'ENOENT')) throw new ProcessEndedError(pid, { cause: error });
    throw new GaugewayError('usage', `process ${pid} cannot be signalled: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The name of a program whose file has been replaced since it started, e.g. by an update. */
function withoutDeleted(executable: string): string {
  return executable.replace(/ \(deleted\)$/, '');
}
