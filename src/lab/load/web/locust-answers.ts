import { messageOf } from '../../../shared/errors.ts';
import type { LoadPlanSummary } from '../load-plan.ts';
import { scenarios } from '../scenarios/built-in.ts';
import type { ScenarioName } from '../scenarios/scenario.ts';

/** What went wrong outside of requests, by its message. */
export interface LocustException {
  count: number;
  msg: string;
  traceback: string;
  /** Where it happened; Locust names its workers here. */
  nodes: string;
}

/** One that happened here. */
export function exceptionOf(error: unknown): LocustException {
  const traceback = error instanceof Error ? (error.stack ?? '') : '';
  return { count: 1, msg: messageOf(error), traceback, nodes: 'local' };
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
 * A scenario is what a user class is to Locust. Its tasks are those that the target was found to have and, before
 * a test has found out, those that the scenario asks for.
 */
export function toLocustTasks(
  scenario: ScenarioName,
  plan: LoadPlanSummary | null,
  users: number,
): LocustTasks {
  const shares = plan === null ? sharesAsked(scenario) : plan.tasks;
  const ratio = users > 0 ? 1 : 0;
  const classOf = (weight: number): UserClass => ({
    ratio,
    tasks: Object.fromEntries(shares.map(({ name, share }) => [name, { ratio: share * weight }])),
  });
  return { per_class: { [scenario]: classOf(1) }, total: { [scenario]: classOf(ratio) } };
}

function sharesAsked(name: ScenarioName): { name: string; share: number }[] {
  const { tasks } = scenarios[name];
  const sum = tasks.reduce((total, { weight }) => total + weight, 0);
  return tasks.map(({ weight, request }) => ({
    name: request.kind === 'get' ? `GET ${request.path}` : request.kind,
    share: weight / sum,
  }));
}
