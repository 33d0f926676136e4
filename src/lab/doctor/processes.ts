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
  type Outcome,
  warn,
} from './check.ts';
import { maySample, mayTrace, type ProfilingRights, profilingRights } from './profiling-rights.ts';

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
  /** Where py-spy is; undefined when it is not installed. */
  pySpy: string | undefined;
  /** Linux perf is installed. */
  perf: boolean;
  rights: ProfilingRights;
}

/** Checks of a process that runs. */
export const processChecks: readonly Check<ProcessFacts>[] = [
  {
    name: 'figures',
    judge: ({ openFiles, uid, ownUid }) =>
      openFiles === null
        ? warn(`user id ${uid} owns it, this is ${ownUid}: its files and I/O are not shown`, asUser(uid))
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
    judge(facts) {
      const { role, program, notAttachable, uid, ownUid } = facts;
      if (role !== 'gateway') return undefined;
      if (program === undefined) {
        return warn(`no profiler may attach: user id ${uid} owns it, this is ${ownUid}`, asUser(uid));
      }
      if (notAttachable === undefined) return ok('Node: its inspector can be opened');
      if (program.startsWith('node')) return judgeNode(facts, notAttachable);
      return program.startsWith('python') ? judgePython(facts) : judgeNative(facts, program);
    },
  },
];

const asUser = (uid: number): string => `sudo -u '#${uid}' gaugeway …  # or as root`;

function judgeNode({ uid, ownUid }: ProcessFacts, notAttachable: string): Outcome {
  const remedy =
    ownUid !== 0 && uid !== ownUid
      ? asUser(uid)
      : /network namespace/.test(notAttachable)
        ? 'sudo gaugeway …'
        : 'start it without --disable-sigusr1 and without a handler of SIGUSR1';
  return warn(notAttachable, remedy);
}

function judgePython({ pySpy, rights, uid, ownUid }: ProcessFacts): Outcome {
  if (pySpy === undefined) return info('Python: no CPU profile without py-spy', pySpyInstall);
  if (mayTrace(rights, uid === ownUid)) return ok('Python: py-spy is installed, and may read it');
  return warn(
    `Python: py-spy may not read it without root or CAP_SYS_PTRACE (kernel.yama.ptrace_scope is ${rights.ptraceScope})`,
    `sudo setcap cap_sys_ptrace+ep ${pySpy}  # or sudo gaugeway …`,
    'docker run --cap-add SYS_PTRACE …  # in a container',
  );
}

function judgeNative({ perf, rights, uid, ownUid }: ProcessFacts, program: string): Outcome {
  if (!perf) return info(`${program}: no CPU profile without Linux perf`, perfInstall);
  if (maySample(rights, uid === ownUid)) return ok(`${program}: Linux perf is installed, and may sample it`);
  const level = rights.perfEventParanoid;
  return warn(
    `${program}: Linux perf may not sample it without root or CAP_PERFMON` +
      (level === undefined ? '' : ` (kernel.perf_event_paranoid is ${level})`),
    'sudo setcap cap_perfmon+ep $(command -v perf)  # or sudo gaugeway …',
    'docker run --cap-add PERFMON --cap-add SYS_PTRACE …  # in a container',
  );
}

/** Reads `/proc` as every sample does; no process is signalled. */
export const examineProcesses: Examination = async ({ processes, missingProcesses }) => {
  const results: CheckResult[] = missingProcesses.map((message) => ({
    source: 'processes',
    check: 'runs',
    ...fail(message, 'start it, or let gaugeway discover --force find what runs now'),
  }));
  if (processes.length === 0) return results;
  const programs = {
    pySpy: await findPySpy(),
    perf: (await findProgram('perf')) !== undefined,
    rights: await profilingRights(),
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
  programs: Pick<ProcessFacts, 'pySpy' | 'perf' | 'rights'>,
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
