import { readProcStatus } from '../../shared/proc-files.ts';
import { perfEventParanoid } from '../profilers/perf/perf-error.ts';
import { ptraceScope } from '../profilers/py-spy/py-spy-error.ts';

/** What this process may do with others, as far as profilers need it. */
export interface ProfilingRights {
  /** In effect; bit `n` is capability `n` of capabilities(7). */
  capabilities: bigint;
  /** `kernel.yama.ptrace_scope`; 0 where the kernel has no such limit. */
  ptraceScope: number;
  /** `kernel.perf_event_paranoid`; undefined where it is not told. */
  perfEventParanoid: number | undefined;
}

const sysPtrace = 1n << 19n;
const sysAdmin = 1n << 21n;
const perfmon = 1n << 38n;

export async function profilingRights(): Promise<ProfilingRights> {
  const { effectiveCapabilities } = await readProcStatus(process.pid);
  return {
    capabilities: effectiveCapabilities,
    ptraceScope: await ptraceScope(),
    perfEventParanoid: await perfEventParanoid(),
  };
}

/** Whether py-spy may read the memory of a process (ptrace(2), "Ptrace access mode checking"). */
export function mayTrace(
  { capabilities, ptraceScope: scope }: ProfilingRights,
  isSameUser: boolean,
): boolean {
  return (capabilities & sysPtrace) !== 0n || (isSameUser && scope === 0);
}

/** Whether perf may sample a process, with the kernel's part (perf_event_open(2); Debian's 3 forbids all to others). */
export function maySample({ capabilities, ...rights }: ProfilingRights, isSameUser: boolean): boolean {
  if ((capabilities & (perfmon | sysAdmin)) !== 0n) return true;
  return isSameUser && rights.perfEventParanoid !== undefined && rights.perfEventParanoid <= 1;
}
