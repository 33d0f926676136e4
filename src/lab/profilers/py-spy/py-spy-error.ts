import { readFile } from 'node:fs/promises';
import { GaugewayError } from '../../../shared/errors.ts';
import { maskSecrets } from '../../../shared/mask-secrets.ts';
import { readProcStat } from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';

/** What to do about a machine without py-spy. */
export const pySpyInstall = 'pip install py-spy';

export function notInstalled(pid: number): GaugewayError {
  return new GaugewayError(
    'usage',
    `process ${pid} runs Python, whose functions only py-spy can tell, which is not on PATH nor in ~/.local/bin: ${pySpyInstall}`,
  );
}

const noPermission = /permission denied|operation not permitted/i;

/** Whether another look may succeed where one failed that said `output`: of stacks that changed under it, not of a right. */
export function mayPass(output: string): boolean {
  return !noPermission.test(output) && /failed to|bad address/i.test(output);
}

/**
 * What a py-spy that failed meant, with what can be done. Throws ProcessEndedError when the process is gone, which is
 * why it failed then.
 */
export async function pySpyError(pid: number, program: string, output: string): Promise<GaugewayError> {
  await readProcStat(pid);
  if (noPermission.test(output)) {
    return new GaugewayError('usage', await permissionMessage(pid, program));
  }
  const reason = maskSecrets(/^Error: (.*)/m.exec(output)?.[1] ?? output.trim().split('\n')[0] ?? '');
  if (/python version|interpreter|unsupported version/i.test(reason)) {
    return new GaugewayError(
      'usage',
      `py-spy does not know the Python of process ${pid} (${reason}); a newer py-spy may: ${pySpyInstall} --upgrade`,
    );
  }
  return new GaugewayError('source_unreadable', `py-spy could not read process ${pid}: ${reason}`);
}

async function permissionMessage(pid: number, program: string): Promise<string> {
  const scope = await ptraceScope();
  const sameUser =
    scope === 0
      ? ''
      : `, or sysctl kernel.yama.ptrace_scope=0 (it is ${scope}) for processes of the same user`;
  return (
    `py-spy may not read process ${pid}: that takes root or the capability SYS_PTRACE. ` +
    `Run gaugeway by sudo, or sudo setcap cap_sys_ptrace+ep ${program}; ` +
    `in a container: docker run --cap-add SYS_PTRACE, or cap_add: [SYS_PTRACE] in compose${sameUser}`
  );
}

/** `kernel.yama.ptrace_scope`; 0 where the kernel has no such limit. */
export async function ptraceScope(): Promise<number> {
  try {
    return Number(await readFile('/proc/sys/kernel/yama/ptrace_scope', 'utf8'));
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'EACCES')) return 0;
    throw error;
  }
}
