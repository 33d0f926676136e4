import { readdirSync, readFileSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { GaugewayError } from './errors.ts';
import { errorCode, hasErrorCode } from './system-error.ts';

/** Linux counts CPU time in USER_HZ, which is 100 on every architecture that Node runs on. */
export const ticksPerSecond = 100;

/** The process is not there any more (or a later one has its pid). */
export class ProcessEndedError extends GaugewayError {
  constructor(pid: number, options: { cause?: unknown } = {}) {
    super('source_unreadable', `process ${pid} has ended`, options);
    this.name = 'ProcessEndedError';
  }
}

/** From `/proc/PID/stat` (proc_pid_stat(5)). */
export interface ProcStat {
  parentPid: number;
  /** In user and kernel mode. */
  cpuMs: number;
  /** The same of children that have ended and were waited for. */
  endedChildrenCpuMs: number;
  threads: number;
  /** Clock ticks after boot: tells a process from a later one with the same pid. */
  startTicks: number;
}

/** From `/proc/PID/status` (proc_pid_status(5)). */
export interface ProcStatus {
  rssAnonBytes: number;
  rssFileBytes: number;
  rssShmemBytes: number;
  uid: number;
  /** Bit `n - 1` is set when signal `n` is caught. */
  caughtSignals: bigint;
  /** Bit `n` is set for capability `n` of capabilities(7). */
  effectiveCapabilities: bigint;
}

/** The name of the program may hold spaces and parentheses, hence the fields are counted from the last `)`. */
export function parseProcStat(text: string): ProcStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // The first of these is field 3 of the manual page.
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    parentPid: field(4),
    cpuMs: ((field(14) + field(15)) * 1000) / ticksPerSecond,
    endedChildrenCpuMs: ((field(16) + field(17)) * 1000) / ticksPerSecond,
    threads: field(20),
    startTicks: field(22),
  };
}

export function parseProcStatus(text: string): ProcStatus {
  const fields = new Map(
    text.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  const bytes = (name: string): number => Number.parseInt(fields.get(name) ?? '0', 10) * 1024;
  return {
    rssAnonBytes: bytes('RssAnon'),
    rssFileBytes: bytes('RssFile'),
    rssShmemBytes: bytes('RssShmem'),
    uid: Number.parseInt(fields.get('Uid') ?? '-1', 10),
    caughtSignals: BigInt(`0x${fields.get('SigCgt') ?? '0'}`),
    effectiveCapabilities: BigInt(`0x${fields.get('CapEff') ?? '0'}`),
  };
}

/** Throws ProcessEndedError, or GaugewayError source_unreadable when it may not be read. */
export async function readProcStat(pid: number): Promise<ProcStat> {
  return parseProcStat(await readProcFile(pid, 'stat'));
}

/** Throws as {@link readProcStat} does. */
export async function readProcStatus(pid: number): Promise<ProcStatus> {
  return parseProcStatus(await readProcFile(pid, 'status'));
}

/** Cumulative time that the main thread was ready to run and waited for a CPU; null where the kernel does not tell. */
export async function readRunQueueMs(pid: number): Promise<number | null> {
  const text = await readOptional(pid, 'schedstat');
  return text === null ? null : Number(text.split(' ')[1]) / 1e6;
}

/** Bytes that reached block devices (proc_pid_io(5)). Null when another user's process or the kernel does not tell. */
export async function readBlockBytes(
  pid: number,
): Promise<{ readBytes: number; writtenBytes: number } | null> {
  const text = await readOptional(pid, 'io');
  if (text === null) return null;
  const bytes = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { readBytes: bytes('read_bytes'), writtenBytes: bytes('write_bytes') };
}

/** A file that some kernels and some owners do not show: null then. */
async function readOptional(pid: number, name: string): Promise<string | null> {
  try {
    return await readProcText(pid, name);
  } catch (error) {
    if (hasErrorCode(error, 'EACCES', 'ENOENT')) return null;
    throw unreadable(pid, name, error);
  }
}

/** A file of `/proc/PID/`. Throws as {@link readProcStat} does. */
export async function readProcFile(pid: number, name: string): Promise<string> {
  try {
    return await readProcText(pid, name);
  } catch (error) {
    throw unreadable(pid, name, error);
  }
}

/** What `read` gives, or undefined when the process that it reads has ended. */
export async function unlessEnded<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProcessEndedError) return undefined;
    throw error;
  }
}

/** What `read` gives, or undefined of a process that has ended, or may not be read. */
export async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof GaugewayError) return undefined;
    throw error;
  }
}

/** Children that the main thread of a process started. Throws as {@link readProcStat} does. */
export async function readChildPids(pid: number): Promise<number[]> {
  return (await readProcFile(pid, `task/${pid}/children`)).split(' ').filter(Boolean).map(Number);
}

/** The target of a link of `/proc/PID/`, e.g. `exe`. Throws as {@link readProcStat} does. */
export async function readProcLink(pid: number, name: string): Promise<string> {
  try {
    return await readlink(`/proc/${pid}/${name}`);
  } catch (error) {
    throw unreadable(pid, name, error);
  }
}

/** Numbers of a process's open files. Null when another user's process does not show them. */
export async function readOpenFiles(pid: number): Promise<string[] | null> {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    if (hasErrorCode(error, 'EACCES')) return null;
    throw unreadable(pid, 'fd', error);
  }
}

/** These hold the memory of the process while they read it, and wait for whoever else does. */
const mayWait: readonly string[] = ['cmdline', 'environ'];

/**
 * Counters of the kernel are copied from memory, which is quicker than handing the read to a thread and waking up when
 * it is done: with many processes, that is most of what watching them costs.
 */
async function readProcText(pid: number, name: string): Promise<string> {
  const path = `/proc/${pid}/${name}`;
  return mayWait.includes(name) ? readFile(path, 'utf8') : readFileSync(path, 'utf8');
}

/** Says why this machine has no `/proc` to read; undefined where it has. */
export function procMissing(): string | undefined {
  return process.platform === 'linux' ? undefined : `needs Linux's /proc, this is ${process.platform}`;
}

/** In a container root has few capabilities unless they are given. */
const rootWithoutRight =
  'takes the capability SYS_PTRACE, which this root lacks: give it (docker run --cap-add SYS_PTRACE), or run gaugeway as that user';

function unreadable(pid: number, name: string, error: unknown): GaugewayError {
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ESRCH') {
    return new ProcessEndedError(pid, { cause: error });
  }
  const reason =
    code === 'EACCES'
      ? `another user owns it, which ${process.getuid?.() === 0 ? rootWithoutRight : 'takes root or the capability SYS_PTRACE: run gaugeway by sudo, or as that user'}`
      : String(code);
  return new GaugewayError('source_unreadable', `/proc/${pid}/${name} cannot be read: ${reason}`, {
    cause: error,
  });
}
