import { readdir } from 'node:fs/promises';
import { uptime } from 'node:os';
import { GaugewayError } from '../../shared/errors.ts';
import { ProcessEndedError, readProcFile, readProcStat } from '../../shared/proc-files.ts';

const ticksPerSecond = 100;
/** A successor may have begun before its predecessor was seen last, which then was about to end. */
const overlapTicks = 2 * ticksPerSecond;

/** What a process is known again by. */
export interface ProcessPortrait {
  commandLine: string;
  parentPid: number;
  /** When it was last seen alive, in clock ticks after boot. */
  seenTicks: number;
}

/** Throws as {@link readProcStat} does. */
export async function portraitOf(pid: number): Promise<ProcessPortrait> {
  const [commandLine, { parentPid }] = await Promise.all([readProcFile(pid, 'cmdline'), readProcStat(pid)]);
  return seenNow({ commandLine, parentPid });
}

/** The portrait of a process that is alive at this moment. */
export function seenNow(portrait: Omit<ProcessPortrait, 'seenTicks'>): ProcessPortrait {
  return { ...portrait, seenTicks: uptime() * ticksPerSecond };
}

/**
 * The process that took the place of one that ended: it has the same command line, began when the other ended, has the
 * same parent if that still lives (a worker that its master replaced), and is none of `taken`. Undefined when there is none.
 */
export async function findSuccessor(
  ended: ProcessPortrait,
  taken: ReadonlySet<number>,
): Promise<number | undefined> {
  const ofParent = ended.parentPid > 1 && (await isAlive(ended.parentPid));
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || taken.has(pid)) continue;
    try {
      const { startTicks, parentPid } = await readProcStat(pid);
      if (startTicks < ended.seenTicks - overlapTicks || (ofParent && parentPid !== ended.parentPid))
        continue;
      if ((await readProcFile(pid, 'cmdline')) === ended.commandLine) return pid;
    } catch (error) {
      // Ended meanwhile, or of another user: not one that can be watched.
      if (!(error instanceof GaugewayError)) throw error;
    }
  }
  return undefined;
}

async function isAlive(pid: number): Promise<boolean> {
  try {
    await readProcStat(pid);
    return true;
  } catch (error) {
    if (error instanceof ProcessEndedError) return false;
    throw error;
  }
}
