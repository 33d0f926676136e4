import { procMissing, unlessUnreadable } from '../../shared/proc-files.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import { workerPids } from '../profilers/worker-pids.ts';

/**
 * The workers of the gateway processes of a stack that it does not list itself, e.g. those of a Node cluster whose
 * primary listens: each is a replica that is watched and profiled like the others. Of a process that cannot be asked
 * for its workers there are none; its own collectors say why.
 */
export async function gatewayWorkers(listed: readonly WatchedProcess[]): Promise<WatchedProcess[]> {
  if (procMissing() !== undefined) return [];
  const known = new Set(listed.map(({ pid }) => pid));
  const workers = await Promise.all(
    listed
      .filter(({ role }) => role === 'gateway')
      .map(async ({ role, name, pid }) => {
        const pids = (await unlessUnreadable(() => workerPids(pid))) ?? [];
        return pids
          .filter((worker) => !known.has(worker))
          .map((worker, index) => ({ role, name: `${name} worker ${index + 1}`, pid: worker }));
      }),
  );
  return workers.flat();
}
