import { readdir } from 'node:fs/promises';
import { ProcessEndedError, readProcStat } from '../../shared/proc-files.ts';

/**
 * The processes below `pids`, by `/proc`: children, and theirs. This process and what it started itself is left out,
 * unless it is named.
 */
export async function descendantsOf(pids: readonly number[]): Promise<number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = await parentOf(Number(entry));
    if (parent !== undefined) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(entry)]);
  }
  const found = new Set<number>();
  const pending = [...pids];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    for (const child of childrenOf.get(pid) ?? []) {
      if (child === process.pid || found.has(child)) continue;
      found.add(child);
      pending.push(child);
    }
  }
  return [...found].filter((pid) => !pids.includes(pid)).toSorted((a, b) => a - b);
}

/** Undefined for a process that ended while the others were looked at. */
async function parentOf(pid: number): Promise<number | undefined> {
  try {
    return (await readProcStat(pid)).parentPid;
  } catch (error) {
    if (error instanceof ProcessEndedError) return undefined;
    throw error;
  }
}
