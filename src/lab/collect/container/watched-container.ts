import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { ProcessEndedError, procMissing, readProcFile } from '../../../shared/proc-files.ts';
import type { CgroupFolders } from '../cgroup/cgroup-folders.ts';
import { findCgroup, readCgroup } from '../cgroup/read-cgroup.ts';
import { readHostCpu } from '../host/read-host.ts';
import {
  type ContainerCounters,
  countersOfEngine,
  countersOfGroup,
  networkOfEngine,
} from './container-counters.ts';
import type { ContainerEngine } from './container-engine.ts';
import type { InspectAnswer } from './engine-answers.ts';
import { readNetwork } from './read-network.ts';

/** One container by its name, whichever container has it: one that is made anew is followed. */
export class WatchedContainer {
  readonly name: string;
  #group: { pid: number; folders: CgroupFolders | undefined } | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Throws GaugewayError source_unreadable when there is none of that name, or it does not run. */
  async read(engine: ContainerEngine): Promise<ContainerCounters> {
    const inspected = await engine.inspect(this.name);
    if (!inspected.State.Running) {
      throw new GaugewayError('source_unreadable', `container ${this.name} does not run`);
    }
    return (
      (await this.#readHere(engine, inspected)) ??
      // The engine answers at once or, when it was asked within the last second, when that has passed.
      countersOfEngine(engine.kind, inspected, await engine.stats(inspected.Id))
    );
  }

  async #readHere(engine: ContainerEngine, inspected: InspectAnswer): Promise<ContainerCounters | undefined> {
    const { Pid: pid } = inspected.State;
    try {
      if (this.#group?.pid !== pid) this.#group = { pid, folders: await groupOf(pid, inspected.Id) };
      const { folders } = this.#group;
      if (folders === undefined) return undefined;
      // Whoever may not look into the network of another user's process may still ask the engine.
      const seen = await readNetwork(pid);
      const network = seen === undefined ? networkOfEngine(await engine.stats(inspected.Id)) : seen;
      const [group, host] = [await readCgroup(folders), readHostCpu()];
      return countersOfGroup(inspected, { atMs: nowMs(), group, host, network });
    } catch (error) {
      // It ended meanwhile: the engine says what is so now.
      if (error instanceof ProcessEndedError) return undefined;
      throw error;
    }
  }
}

/** Undefined where the engine's processes are not those of this machine, as in a virtual machine of its own. */
async function groupOf(pid: number, id: string): Promise<CgroupFolders | undefined> {
  return (await isHere(pid, id)) ? findCgroup(pid) : undefined;
}

/** Whether the process of that number, as we see it, is in the container: its groups are named after it. */
export async function isHere(pid: number, id: string): Promise<boolean> {
  if (procMissing() !== undefined || pid <= 0) return false;
  try {
    return (await readProcFile(pid, 'cgroup')).includes(id);
  } catch (error) {
    if (error instanceof ProcessEndedError) return false;
    throw error;
  }
}
