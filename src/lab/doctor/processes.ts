import { GaugewayError } from '../../shared/errors.ts';
import { findProgram } from '../../shared/find-program.ts';
import { readOpenFiles, readProcFile, readProcLink, readProcStatus } from '../../shared/proc-files.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import { requireAttachable } from '../profilers/node/attachable.ts';
import { perfInstall } from '../profilers/perf/perf-error.ts';
import { pySpyInstall } from '../profilers/py-spy/py-spy-error.ts';
import { findPySpy } from '../profilers/py-spy/py-spy-target.ts';
import {
  applyChecks,
  type Check,
  type CheckResult,
  type Examination,
  fail,
  info,
  ok,
  warn,
} from './check.ts';

/** Beyond these a server of many clients runs out of files. */
const fewFiles = 4096;

/** What `/proc` shows of a process. */
export interface ProcessFacts {
  role: WatchedProcess['role'];
  uid: number;
  ownUid: number;
  program: string | undefined;
  /** Null when its files are not shown. */
  openFiles: number | null;
  maxOpenFiles: number;
  /** Why Node's inspector cannot be opened; undefined when it can. */
  notAttachable?: string;
  pySpy: boolean;
  /** Linux perf is installed. */
  perf: boolean;
}

/** Checks of a process that runs. */
export const processChecks: readonly Check<ProcessFacts>[] = [
  {
    name: 'figures',
    judge: ({ openFiles, uid, ownUid }) =>
      openFiles === null
        ? warn(
            `user id ${uid} owns it, this is ${ownUid}: its files and I/O are not shown`,
            `sudo -u '#${uid}' gaugeway …  # or as root`,
          )
        : ok('CPU, memory, files and I/O can be read'),
  },
  {
    name: 'open files',
    judge: ({ role, openFiles, maxOpenFiles }) => {
      if (openFiles === null || role === 'postgres') return undefined;
      const found = `${openFiles} of ${maxOpenFiles}`;
      return maxOpenFiles < fewFiles || openFiles > maxOpenFiles * 0.8
        ? warn(
            `${found}: many clients will not fit`,
            'ulimit -n 65536  # before it starts, or LimitNOFILE=65536',
          )
        : ok(found);
    },
  },
  {
    name: 'CPU profile',
    judge({ role, program, notAttachable, pySpy, perf }) {
      if (role !== 'gateway' || program === undefined) return undefined;
      if (notAttachable === undefined) return ok('Node: its inspector can be opened');
      if (program.startsWith('node')) return info(notAttachable);
      if (!program.startsWith('python')) {
        return perf
          ? info(`${program}: Linux perf is installed; it needs root or CAP_PERFMON`)
          : info(
              `${program}: no CPU profile without Linux perf`,
              `${perfInstall}  # run it as root, or with CAP_PERFMON`,
            );
      }
      return pySpy
        ? info('Python: py-spy is installed; it needs root or CAP_SYS_PTRACE')
        : info(
            'Python: no CPU profile without py-spy',
            `${pySpyInstall}  # run it as root, or with CAP_SYS_PTRACE`,
          );
    },
  },
];

/** Reads `/proc` as every sample does; no process is signalled. */
export const examineProcesses: Examination = async ({ processes, missingProcesses }) => {
  const results: CheckResult[] = missingProcesses.map((message) => ({
    source: 'processes',
    check: 'runs',
    ...fail(message, 'start it, or let gaugeway discover --force find what runs now'),
  }));
  const programs = {
    pySpy: (await findPySpy()) !== undefined,
    perf: (await findProgram('perf')) !== undefined,
  };
  for (const watched of processes) {
    const source = `${watched.name} (pid ${watched.pid})`;
    try {
      results.push(...applyChecks(source, processChecks, await readFacts(watched, programs)));
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      results.push({ source, check: 'figures', ...fail(error.message) });
    }
  }
  return results;
};

async function readFacts(
  { pid, role }: WatchedProcess,
  programs: Pick<ProcessFacts, 'pySpy' | 'perf'>,
): Promise<ProcessFacts> {
  const [status, files, limits] = await Promise.all([
    readProcStatus(pid),
    readOpenFiles(pid),
    readProcFile(pid, 'limits'),
  ]);
  const executable = files === null ? undefined : await readProcLink(pid, 'exe');
  const notAttachable = role === 'gateway' ? await whyNotAttachable(pid) : undefined;
  return {
    role,
    uid: status.uid,
    ownUid: process.getuid?.() ?? -1,
    program: executable?.slice(executable.lastIndexOf('/') + 1),
    openFiles: files === null ? null : files.length,
    maxOpenFiles: openFileLimit(limits),
    ...(notAttachable === undefined ? {} : { notAttachable }),
    ...programs,
  };
}

/** The soft limit in a text of `/proc/PID/limits`. */
export function openFileLimit(limits: string): number {
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  return soft === 'unlimited' ? Infinity : Number(soft ?? 0);
}

async function whyNotAttachable(pid: number): Promise<string | undefined> {
  try {
    await requireAttachable(pid);
    return undefined;
  } catch (error) {
    if (error instanceof GaugewayError) return error.message;
    throw error;
  }
}
