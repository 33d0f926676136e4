import type { Agent } from 'undici';
import { GaugewayError } from '../../../shared/errors.ts';
import { ownListeningSockets } from '../../../shared/listening-ports.ts';
import { unlessEnded } from '../../../shared/proc-files.ts';
import { workerPids } from '../worker-pids.ts';
import { closeWhenBack } from './close-when-back.ts';
import { findInspector, type FoundInspector, inspectorClosed } from './find-inspector.ts';
import { InspectorClient } from './inspector-client.ts';
import { reachLoopback } from './loopback-reach.ts';
import { injected } from './vitals.ts';

/** How long a worker that came meanwhile, or could not be held, may take to open its inspector. */
const latePatienceMs = 15_000;

/** An inspector, and the way there. */
interface WorkerInspector extends FoundInspector {
  openedByUs: boolean;
  reach: Agent;
}

/** Workers that are kept from opening their inspectors. */
export interface HeldWorkers {
  /** Closes what was opened for it, and what a worker still opens; `ofPrimary` is the inspector that has opened meanwhile. */
  release(ofPrimary?: { url: string; reach: Agent }): Promise<void>;
}

/**
 * Holds the inspectors of a cluster's workers open, on ports of their own, while that of their primary opens and moves:
 * each time it opens, Node's cluster module sends all workers the same signal, on which they would open theirs on the
 * well-known port, one after the other where it is free. One that is open already stays as it is. `open` opens one.
 */
export async function holdWorkers(
  primary: number,
  open: (worker: number) => Promise<WorkerInspector>,
): Promise<HeldWorkers> {
  const workers = await workerPids(primary);
  const opened: [number, WorkerInspector][] = [];
  const late: [number, number | undefined][] = [];
  // One at a time: they open where their primary does.
  for (const worker of workers) {
    try {
      if (!(await hasInspector(worker))) opened.push([worker, await open(worker)]);
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      // One that is blocked gets the signal from its primary all the same.
      late.push([worker, error.code === 'source_unreadable' ? undefined : latePatienceMs]);
    }
  }
  return {
    async release(ofPrimary) {
      if (ofPrimary !== undefined && workers.length > 0 && !(await answers(ofPrimary))) {
        late.push(...opened.map(([worker]): [number, undefined] => [worker, undefined]));
      }
      for (const worker of (await unlessEnded(() => workerPids(primary))) ?? []) {
        if (!workers.includes(worker)) late.push([worker, latePatienceMs]);
      }
      await Promise.all([
        ...opened.map(([worker, inspector]) => unlessEnded(() => letGo(worker, inspector))),
        ...late.map(([worker, patienceMs]) => unlessEnded(() => closeWhenBack(worker, [], patienceMs))),
      ]);
    },
  };
}

/** A primary that answers has sent its signals, as it does that in one go with opening. */
async function answers({ url, reach }: { url: string; reach: Agent }): Promise<boolean> {
  try {
    const client = await InspectorClient.connect(url, reach);
    try {
      await client.evaluate(injected.clock());
    } finally {
      await client.close();
    }
    return true;
  } catch (error) {
    // Whoever attaches to it meets that, too, and closes it.
    if (error instanceof GaugewayError) return false;
    throw error;
  }
}

async function hasInspector(worker: number): Promise<boolean> {
  const reach = await reachLoopback(worker);
  try {
    return (await findInspector(await ownListeningSockets(worker), reach)) !== undefined;
  } finally {
    await reach.destroy();
  }
}

/** A lab that has attached meanwhile closes it when it leaves. */
async function letGo(worker: number, { url, socket, openedByUs, reach }: WorkerInspector): Promise<void> {
  try {
    if (!openedByUs) return;
    const client = await InspectorClient.connect(url, reach);
    client.leave(injected.endLateInspector());
    await client.close();
    if (!(await inspectorClosed(worker, socket))) await closeWhenBack(worker, []);
  } finally {
    await reach.destroy();
  }
}
