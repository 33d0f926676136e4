import type { StackSources, WatchedProcess } from '../../../shared/stack-description.ts';
import { groupPids } from '../cgroup/group-pids.ts';
import { findCgroup } from '../cgroup/read-cgroup.ts';
import { ContainerEngine } from './container-engine.ts';
import { isHere } from './watched-container.ts';

/** More workers than this in one container are watched as a container only. */
const mostProcesses = 16;

/**
 * The gateway processes inside the containers of a stack, where they run on this machine: like any other they can be
 * sampled one by one, and profiled. Processes that the stack names itself are left out. Throws GaugewayError
 * source_unreadable when the engine does not answer or has no such container.
 */
export async function gatewayProcesses(sources: StackSources): Promise<WatchedProcess[]> {
  const gateways = sources.containers.filter(({ role }) => role === 'gateway');
  if (sources.containerSocket === undefined || gateways.length === 0) return [];
  const engine = await ContainerEngine.connect(sources.containerSocket);
  const known = new Set(sources.processes.map(({ pid }) => pid));
  const found = await Promise.all(
    gateways.map(async ({ name, role }) => {
      const pids = (await pidsOf(engine, name)).filter((pid) => !known.has(pid)).slice(0, mostProcesses);
      return pids.map((pid, index) => ({
        role,
        name: pids.length === 1 ? name : `${name}-${index + 1}`,
        pid,
      }));
    }),
  );
  return found.flat();
}

async function pidsOf(engine: ContainerEngine, name: string): Promise<number[]> {
  const { Id, State } = await engine.inspect(name);
  return (await isHere(State.Pid, Id)) ? groupPids(await findCgroup(State.Pid)) : [];
}
