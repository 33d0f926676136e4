import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasErrorCode } from '../../../shared/system-error.ts';
import { readProcFile, readProcLink, unlessEnded } from '../../../shared/proc-files.ts';

const run = promisify(execFile);

/** From where py-spy looks at a process. */
export interface PySpyView {
  /** Path of py-spy. */
  program: string;
  command: string;
  /** What stands before py-spy's own arguments. */
  args: readonly string[];
  /** The number of the process, as py-spy sees it. */
  pid: number;
  /** The command starts py-spy as a child, which ends with it. */
  forks: boolean;
  /** What the profile lacks for it, in a sentence. */
  fault?: string;
}

/**
 * In a container that numbers its processes itself, Python names its threads by those numbers, which py-spy looks up in
 * `/proc` to tell whether a thread runs: from outside it finds none, and takes threads that wait for running ones. Hence
 * it is started among those numbers, with a `/proc` of them and otherwise the files of this machine; where that is not
 * allowed, from outside. It gets SIGINT when what started it ends, and writes down what it has. Throws as
 * `readProcFile` does.
 */
export async function pySpyView(pid: number, program: string): Promise<PySpyView> {
  const outside = { program, command: program, args: [], pid, forks: false };
  const inner = numberInside(await readProcFile(pid, 'status'));
  const [theirs, ours] = await Promise.all([readPidNamespace(pid), readPidNamespace(process.pid)]);
  if (inner === undefined || theirs === undefined || theirs === ours) return outside;
  const words = `--target ${pid} --pid -- setpriv --pdeathsig INT -- unshare --mount --mount-proc --`;
  const enter = words.split(' ');
  try {
    await run('nsenter', [...enter, 'true']);
    return { program, command: 'nsenter', args: [...enter, program], pid: inner, forks: true };
  } catch {
    const fault =
      'threads that wait are counted as if they ran: its container numbers its processes itself, which takes root ' +
      '(CAP_SYS_ADMIN), nsenter, setpriv and unshare (Debian: util-linux) to enter';
    return { ...outside, fault };
  }
}

/** Threads of a process, from the numbers that it knows them by to those that they have here. */
export async function threadIdsHere(pid: number): Promise<Map<number, number>> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const pairs = await Promise.all(
    tasks.map(async (task) => {
      const inner = await unlessEnded(async () =>
        numberInside(await readProcFile(pid, `task/${task}/status`)),
      );
      return inner === undefined ? [] : [[inner, Number(task)] as const];
    }),
  );
  return new Map(pairs.flat());
}

/** The last of its numbers is the one of the innermost namespace (proc_pid_status(5)). */
function numberInside(status: string): number | undefined {
  const numbers = /^NSpid:(.*)$/m.exec(status)?.[1]?.trim().split(/\s+/);
  return numbers === undefined ? undefined : Number(numbers.at(-1));
}

/** Undefined where another user's process does not show it. */
async function readPidNamespace(pid: number): Promise<string | undefined> {
  try {
    return await readProcLink(pid, 'ns/pid');
  } catch (error) {
    if (error instanceof Error && hasErrorCode(error.cause, 'EACCES')) return undefined;
    throw error;
  }
}
