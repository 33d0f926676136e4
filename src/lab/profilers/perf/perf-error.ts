import { readFile } from 'node:fs/promises';
import { GaugewayError } from '../../../shared/errors.ts';
import { maskSecrets } from '../../../shared/mask-secrets.ts';
import { readProcStat } from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';

/** What to do about a machine without perf. */
export const perfInstall = 'apt install linux-perf';

export function perfNotInstalled(pid: number): GaugewayError {
  return new GaugewayError(
    'usage',
    `process ${pid} is neither Node nor Python, and Linux perf, which samples anything else, is not on PATH: ${perfInstall}`,
  );
}

/** What a perf that failed meant, with what can be done. Throws ProcessEndedError when the process is gone. */
export async function perfError(pid: number, output: string): Promise<GaugewayError> {
  await readProcStat(pid);
  if (/perf_event_paranoid|permission|not permitted|EACCES|EPERM/i.test(output)) {
    return new GaugewayError('usage', await permissionMessage(pid));
  }
  const reason = maskSecrets(output.trim().split('\n')[0] ?? '');
  return new GaugewayError('source_unreadable', `perf could not sample process ${pid}: ${reason}`);
}

async function permissionMessage(pid: number): Promise<string> {
  const paranoid = await perfEventParanoid();
  const level = paranoid === undefined ? '' : ` (kernel.perf_event_paranoid is ${paranoid})`;
  return (
    `perf may not sample process ${pid}: that takes root or the capability PERFMON${level}. ` +
    'Run gaugeway by sudo, or sudo setcap cap_perfmon+ep $(command -v perf); for processes of the same user ' +
    'sudo sysctl kernel.perf_event_paranoid=1; in a container: docker run --cap-add PERFMON --cap-add SYS_PTRACE'
  );
}

/** `kernel.perf_event_paranoid`; undefined where the kernel does not tell. */
export async function perfEventParanoid(): Promise<number | undefined> {
  try {
    return Number(await readFile('/proc/sys/kernel/perf_event_paranoid', 'utf8'));
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}
