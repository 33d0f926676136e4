import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { GaugewayError } from '../../shared/errors.ts';
import { type ListeningSocket, ownListeningSockets } from '../../shared/listening-ports.ts';
import { maskCommand } from '../../shared/mask-command.ts';
import { readProcFile, readProcLink, readProcStatus, readProcStat } from '../../shared/proc-files.ts';

/** A process as `/proc` shows it. */
export interface LocalProcess {
  pid: number;
  parentPid: number;
  uid: number;
  /** Words of the command line. A server may have written its title there: `nginx: master process …`. */
  words: string[];
  /** The words, separated by single spaces. */
  commandLine: string;
  /** The executable without its folder, and what the command line calls it: one may be a link to the other. */
  programs: string[];
  /** Id of the container in which it runs. */
  containerId?: string;
  /** The systemd service that it belongs to. */
  unit?: string;
}

/** All processes but this one. Those that end meanwhile are left out. */
export async function localProcesses(): Promise<LocalProcess[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const found: LocalProcess[] = [];
  for (const pid of pids.toSorted((a, b) => a - b)) {
    if (pid === process.pid) continue;
    const each = await unlessGone(() => readProcess(pid));
    if (each !== undefined) found.push(each);
  }
  return found;
}

/** The sockets on which a process listens; undefined when it belongs to another user, who does not show them. */
export function socketsOf(pid: number): Promise<ListeningSocket[] | undefined> {
  return unlessGone(() => ownListeningSockets(pid));
}

/** Whether a process has this machine's network, where 127.0.0.1 is ours; undefined when that is not shown. */
export async function sharesNetwork(pid: number): Promise<boolean | undefined> {
  const [theirs, ours] = await Promise.all([
    unlessGone(() => readProcLink(pid, 'ns/net')),
    readProcLink(process.pid, 'ns/net'),
  ]);
  return theirs === undefined ? undefined : theirs === ours;
}

/** What a process was given as environment; undefined when it belongs to another user, who does not show it. */
export async function environmentOf(pid: number): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await unlessGone(() => readProcFile(pid, 'environ'));
  if (text === undefined) return undefined;
  return new Map(
    text
      .split('\0')
      .filter((entry) => entry.includes('='))
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const),
  );
}

/** The regular file to which a process writes its standard output or error. */
export async function outputFileOf(pid: number): Promise<string | undefined> {
  for (const number of [1, 2]) {
    const target = await unlessGone(() => readProcLink(pid, `fd/${number}`));
    if (target?.startsWith('/') === true && !/^\/(dev|proc)\/| \(deleted\)$/.test(target)) return target;
  }
  return undefined;
}

/** The user id of a process; undefined when it has ended. */
export async function userOf(pid: number): Promise<number | undefined> {
  return (await unlessGone(() => readProcStatus(pid)))?.uid;
}

/** Folder in which a process works; undefined when it is not shown. */
export function workingFolderOf(pid: number): Promise<string | undefined> {
  return unlessGone(() => readProcLink(pid, 'cwd'));
}

async function readProcess(pid: number): Promise<LocalProcess | undefined> {
  const [commandLine, status, stat, cgroup] = await Promise.all([
    readProcFile(pid, 'cmdline'),
    readProcStatus(pid),
    readProcStat(pid),
    readProcFile(pid, 'cgroup'),
  ]);
  const words = commandLine.split('\0').filter((word) => word !== '');
  // Threads of the kernel have no command line.
  if (words.length === 0) return undefined;
  const executable = await unlessGone(() => readProcLink(pid, 'exe'));
  const containerId = /(?:docker|libpod|cri-containerd|\/kubepods\S*)[-/]([0-9a-f]{64})/.exec(cgroup)?.[1];
  const unit = /\/system\.slice\/(?:\S+\/)?([\w@.\\-]+\.service)/.exec(cgroup)?.[1];
  return {
    pid,
    parentPid: stat.parentPid,
    uid: status.uid,
    words,
    commandLine: words.join(' ').replaceAll(/\s+/g, ' ').trim(),
    programs: [executable?.replace(/ \(deleted\)$/, ''), words[0]?.split(' ')[0]].flatMap((path) =>
      path === undefined ? [] : basename(path).replace(/:$/, ''),
    ),
    ...(containerId === undefined ? {} : { containerId }),
    ...(unit === undefined || containerId !== undefined ? {} : { unit }),
  };
}

/** Undefined for a process that has ended, or that belongs to another user and does not show this. */
async function unlessGone<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof GaugewayError) return undefined;
    throw error;
  }
}

/** An expression that only this command line matches, as the stack file takes it; any text may stand where a secret is. */
export function commandPattern(words: readonly string[]): string {
  const plain = maskCommand(words).replaceAll(/\s+/g, ' ').trim();
  const parts = plain.split('***').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return `^${parts.join('.*')}$`;
}
