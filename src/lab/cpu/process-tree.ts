import { readdir } from 'node:fs/promises';
import { ProcessEndedError, readProcFile } from '../../shared/proc-files.ts';
import { hasErrorCode } from '../../shared/system-error.ts';

/**
 * The processes below `pids`, by `/proc`: children, and theirs. This process and what it started itself is left out,
 * unless it is named.
 */
export async function descendantsOf(pids: readonly number[]): Promise<number[]> {
  const found = new Set<number>();
  const pending = [...pids];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    for (const child of await childrenOf(pid)) {
      if (child === process.pid || found.has(child)) continue;
      found.add(child);
      pending.push(child);
    }
  }
  return [...found].filter((pid) => !pids.includes(pid)).toSorted((a, b) => a - b);
}

/** Each thread has children of its own. None of a process that ended while the others were looked at. */
async function childrenOf(pid: number): Promise<number[]> {
  try {
    const threads = await readdir(`/proc/${pid}/task`);
    const texts = await Promise.all(threads.map((thread) => readProcFile(pid, `task/${thread}/children`)));
    return texts.flatMap((text) => text.split(' ').filter(Boolean).map(Number));
  } catch (error) {
    if (error instanceof ProcessEndedError || hasErrorCode(error, 'ENOENT', 'ESRCH')) return [];
    throw error;
  }
}
