import { basename } from 'node:path';
import { readOpenFiles, readProcFile, readProcLink } from '../../../shared/proc-files.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import type { SystemThread } from '../profiler.ts';

/** Numbers of system calls that block, as the kernel has them on x86-64 (syscall_64.tbl) and on arm64 (unistd.h). */
const callsByArchitecture: Partial<Record<NodeJS.Architecture, Record<number, string>>> = {
  x64: {
    0: 'read',
    1: 'write',
    7: 'poll',
    17: 'pread64',
    18: 'pwrite64',
    35: 'nanosleep',
    42: 'connect',
    43: 'accept',
    45: 'recvfrom',
    47: 'recvmsg',
    61: 'wait4',
    73: 'flock',
    74: 'fsync',
    75: 'fdatasync',
    202: 'futex',
    230: 'clock_nanosleep',
    232: 'epoll_wait',
    247: 'waitid',
    257: 'openat',
    271: 'ppoll',
    281: 'epoll_pwait',
  },
  arm64: {
    22: 'epoll_pwait',
    32: 'flock',
    56: 'openat',
    63: 'read',
    64: 'write',
    67: 'pread64',
    68: 'pwrite64',
    73: 'ppoll',
    82: 'fsync',
    83: 'fdatasync',
    95: 'waitid',
    98: 'futex',
    101: 'nanosleep',
    115: 'clock_nanosleep',
    202: 'accept',
    203: 'connect',
    207: 'recvfrom',
    212: 'recvmsg',
    260: 'wait4',
  },
};

/** The first argument of these is the number of an open file. */
const fileCalls = /^(?:p?read|p?write|fsync|fdatasync|flock|recv|accept|connect)/;

/** Letters of proc_pid_stat(5). */
const stateNames: Record<string, SystemThread['state']> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk',
  T: 'stopped',
  t: 'stopped',
  Z: 'ended',
  X: 'ended',
};

/** What the kernel says the threads of a process do, the main one first. Throws as {@link readProcFile} does. */
export async function readThreadStates(pid: number, threadIds: readonly number[]): Promise<SystemThread[]> {
  return Promise.all(threadIds.map((threadId) => readThreadState(pid, threadId)));
}

/** The same of its main thread. */
export async function readMainThreadState(pid: number): Promise<SystemThread> {
  return readThreadState(pid, pid);
}

async function readThreadState(pid: number, threadId: number): Promise<SystemThread> {
  const folder = `task/${threadId}`;
  const [stat, call, waitsIn] = await Promise.all([
    readProcFile(pid, `${folder}/stat`),
    readUnlessForbidden(pid, `${folder}/syscall`),
    readUnlessForbidden(pid, `${folder}/wchan`),
  ]);
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  const state = stateNames[stat.slice(stat.lastIndexOf(')') + 2)[0] ?? ''] ?? 'sleeping';
  const [number = '', argument = ''] = call.split(' ');
  const systemCall = callsByArchitecture[process.arch]?.[Number(number || Number.NaN)];
  const file =
    systemCall !== undefined && fileCalls.test(systemCall)
      ? await readUnlessForbidden(pid, `fd/${Number(argument)}`, readProcLink)
      : '';
  return {
    threadId,
    name,
    state,
    ...(systemCall === undefined ? {} : { systemCall }),
    ...(file === '' ? {} : { file }),
    ...(/^[a-z_]\w+$/i.test(waitsIn) ? { waitsIn } : {}),
  };
}

/** Needs the right to trace the process, or is hidden by some kernels: empty then. */
async function readUnlessForbidden(
  pid: number,
  name: string,
  read: (pid: number, name: string) => Promise<string> = readProcFile,
): Promise<string> {
  try {
    return (await read(pid, name)).trim();
  } catch (error) {
    if (error instanceof GaugewayError) return '';
    throw error;
  }
}

/** Child processes that run, as `sleep (pid 4711)`: what `execSync` and `spawnSync` wait for. */
export async function readChildren(pid: number): Promise<string[]> {
  const pids = (await readUnlessForbidden(pid, `task/${pid}/children`))
    .split(' ')
    .filter(Boolean)
    .map(Number);
  const names = await Promise.all(pids.map((child) => readUnlessForbidden(child, 'exe', readProcLink)));
  return pids.map((child, at) => `${basename(names[at] ?? '') || 'process'} (pid ${child})`);
}

/** A sentence's part on where a thread is, e.g. `in openat` or `in read of pipe:[812]`. */
export function describeThread({ state, systemCall, file, waitsIn }: SystemThread): string {
  if (state === 'running') return 'busy on a CPU';
  if (state === 'stopped') return 'stopped by a signal or a debugger';
  const place = systemCall ?? waitsIn;
  if (place === undefined) return 'asleep in the kernel';
  const where = file === undefined ? `in ${place}` : `in ${place} of ${file}`;
  return waitsIn === undefined || waitsIn === place ? where : `${where} (${waitsIn})`;
}

/**
 * Wake-ups of event loops in a process that were asked for and not taken yet, by the number of the file (proc_pid_fdinfo(5)).
 * A loop that turns takes them at once.
 */
export async function pendingWakeUps(pid: number): Promise<Set<string>> {
  const numbers = (await readOpenFiles(pid)) ?? [];
  const pending = await Promise.all(
    numbers.map(async (number) => {
      const text = await readUnlessForbidden(pid, `fdinfo/${number}`);
      return /^eventfd-count:\s+0*[1-9a-f]/im.test(text) ? [number] : [];
    }),
  );
  return new Set(pending.flat());
}
