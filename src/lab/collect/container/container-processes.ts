import type { StackSources, WatchedContainer, WatchedProcess } from '../../../shared/stack-description.ts';
import { groupPids } from '../cgroup/group-pids.ts';
import { findCgroup } from '../cgroup/read-cgroup.ts';
import { ContainerEngine } from './container-engine.ts';
import { isHere } from './watched-container.ts';

/** More workers than this in one container are watched as a container only. */
const mostProcesses = 16;

/** Processes in containers, and the containers that could not be asked for theirs. */
export interface ContainerProcesses {
  processes: WatchedProcess[];
  failures: { container: string; error: unknown }[];
}

/**
 * The gateway processes inside the containers of a stack, where they run on this machine: like any other they can be
 * sampled one by one, and profiled. Processes that the stack names itself are left out. What keeps a container from
 * being asked is told by container.
 */
export async function gatewayProcesses(sources: StackSources): Promise<ContainerProcesses> {
  return containerProcesses(
    sources,
    sources.containers.filter(({ role }) => role === 'gateway'),
  );
}

/** As {@link gatewayProcesses}, of the containers that are given. */
export async function containerProcesses(
  sources: StackSources,
  containers: readonly WatchedContainer[],
): Promise<ContainerProcesses> {
  const { containerSocket } = sources;
  if (containerSocket === undefined || containers.length === 0) return { processes: [], failures: [] };
  const known = new Set(sources.processes.map(({ pid }) => pid));
  // Once for all: it answers each of them, or none.
  const connecting = ContainerEngine.connect(containerSocket);
  const settled = await Promise.allSettled(
    containers.map(async ({ name, role }) => {
      const pids = (await pidsOf(await connecting, name)).filter((pid) => !known.has(pid));
      const watched = pids.slice(0, mostProcesses);
      return watched.map((pid, index) => ({
        role,
        name: watched.length === 1 ? name : `${name}-${index + 1}`,
        pid,
      }));
    }),
  );
  return {
    processes: settled.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])),
    failures: containers.flatMap(({ name }, at) => {
      const result = settled[at];
      return result?.status === 'rejected' ? [{ container: name, error: result.reason }] : [];
    }),
  };
}

async function pidsOf(engine: ContainerEngine, name: string): Promise<number[]> {
  const { Id, State } = await engine.inspect(name);
  return (await isHere(State.Pid, Id)) ? groupPids(await findCgroup(State.Pid)) : [];
}
