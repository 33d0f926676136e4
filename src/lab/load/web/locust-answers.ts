import type { LoadPlanSummary } from '../load-plan.ts';
import { nameOf } from '../prepare-step.ts';
import type { WeightedScenario } from '../scenarios/scenario.ts';

/** What went wrong outside of requests, by its message. */
export interface LocustException {
  count: number;
  msg: string;
  traceback: string;
  /** Where it happened; Locust names its workers here. */
  nodes: string;
}

/** `GET /exceptions` */
export interface LocustExceptions {
  exceptions: LocustException[];
}

interface UserClass {
  /** Share of the running users; 0 while none runs. */
  ratio: number;
  tasks: Record<string, { ratio: number }>;
}

/** `GET /tasks`: per class, what each task's share of that class is; in total, its share of everything. */
export interface LocustTasks {
  per_class: Record<string, UserClass>;
  total: Record<string, UserClass>;
}

/** `GET /logs`: ours and, by their names, those of workers. */
export interface LocustLogs {
  master: readonly string[];
  workers: Record<string, readonly string[]>;
}

/** `GET /worker-count` */
export interface LocustWorkerCount {
  worker_count: number;
}

/**
 * A scenario is what a user class is to Locust. Its tasks are those that it names; beside them, under `total`, stands
 * what the target was found to have, once it was asked.
 */
export function toLocustTasks(
  scenarios: readonly WeightedScenario[],
  plan: LoadPlanSummary | null,
  users: number,
): LocustTasks {
  const weights = scenarios.reduce((sum, { weight }) => sum + weight, 0);
  const perClass: LocustTasks['per_class'] = {};
  const total: LocustTasks['total'] = {};
  for (const each of scenarios) {
    const ratio = users > 0 ? each.weight / weights : 0;
    // One scenario alone makes every request there is, so that what was found is its own.
    const shares = plan !== null && scenarios.length === 1 ? plan.tasks : sharesAsked(each);
    const tasksBy = (factor: number): UserClass['tasks'] =>
      Object.fromEntries(shares.map(({ name, share }) => [name, { ratio: share * factor }]));
    perClass[each.scenario.name] = { ratio, tasks: tasksBy(1) };
    total[each.scenario.name] = { ratio, tasks: tasksBy(ratio) };
  }
  return { per_class: perClass, total };
}

/** The tasks that a scenario names, before anybody knows whether the target has them. */
export function sharesAsked({ scenario: { tasks } }: WeightedScenario): { name: string; share: number }[] {
  const sum = tasks.reduce((total, { weight }) => total + weight, 0);
  return tasks.map(({ name, weight, steps }, index) => {
    const [first] = steps;
    return { name: name ?? (first === undefined ? `task ${index + 1}` : nameOf(first)), share: weight / sum };
  });
}
