import { readChildPids, readProcFile, readProcLink, unlessEnded } from '../../shared/proc-files.ts';
import { runtimeOf } from './runtime-of.ts';

/**
 * The processes that a process started to share its work, each of them a replica: workers of a Node cluster, forks of
 * a Python server, and what Python's multiprocessing started. Other children (an MCP server on stdio, say) are none.
 * Throws as `readProcFile` does.
 */
export async function workerPids(pid: number): Promise<number[]> {
  const runtime = await runtimeOf(pid);
  if (runtime === 'native') return [];
  const isWorker = runtime === 'node' ? isClusterWorker : await pythonWorkerOf(pid);
  const workers = await Promise.all(
    (await readChildPids(pid)).map(async (child) =>
      (await unlessEnded(() => isWorker(child))) === true ? [child] : [],
    ),
  );
  return workers.flat();
}

/** Node's cluster module gives each worker a number, which its environment at the start keeps. */
async function isClusterWorker(pid: number): Promise<boolean> {
  return (await readProcFile(pid, 'environ'))
    .split('\0')
    .some((entry) => entry.startsWith('NODE_UNIQUE_ID='));
}

async function pythonWorkerOf(parent: number): Promise<(pid: number) => Promise<boolean>> {
  const [executable, command] = await Promise.all([
    readProcLink(parent, 'exe'),
    readProcFile(parent, 'cmdline'),
  ]);
  return async (pid) => {
    if ((await readProcLink(pid, 'exe')) !== executable) return false;
    const own = await readProcFile(pid, 'cmdline');
    return own === command || own.includes('multiprocessing.spawn');
  };
}
