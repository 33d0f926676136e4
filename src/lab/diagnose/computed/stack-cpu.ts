import { defineFact } from './facts.ts';
import type { ProcessCpu } from './gateway-processes.ts';
import { mean, sum } from './statistics.ts';
import { samplesIn, steadyWindow } from './window.ts';

/** CPU of one container over the window. */
export interface ContainerCpu {
  target: string;
  /** Of one core. */
  meanPercent: number;
}

export const containerCpu = defineFact(['phases', 'container'], ({ container }, facts): ContainerCpu[] => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return [];
  return [...container].flatMap(([target, series]) => {
    const samples = samplesIn(series, window);
    if (samples.length === 0) return [];
    return [{ target, meanPercent: mean(samples.map(({ data }) => data.cpuPercent)) }];
  });
});

/**
 * What all that is watched used, of one core. The processes of a container that are watched one by one bear its name
 * (`web (pid 7)`, or `web-1 (pid 7)` where there are several): they are part of what the container used.
 */
export function stackCpuPercent(
  processes: readonly Pick<ProcessCpu, 'target' | 'meanPercent'>[],
  containers: readonly ContainerCpu[],
): number {
  const apart = processes.filter(({ target }) => !containers.some((each) => isWithin(target, each.target)));
  return sum([...apart, ...containers].map(({ meanPercent }) => meanPercent));
}

function isWithin(process: string, container: string): boolean {
  return process.startsWith(container) && /^(?:-\d+)? \(pid \d+\)$/.test(process.slice(container.length));
}
