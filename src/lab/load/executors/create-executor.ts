import type { LoadPlan } from '../load-plan.ts';
import { ArrivalRate } from './arrival-rate.ts';
import { ClosedUsers } from './closed-users.ts';
import type { Executor, ExecutorContext } from './executor.ts';
import { isOpenModel } from './executor-plan.ts';
import { StagedUsers } from './staged-users.ts';

/** The executor that a plan asks for; it begins with `setUsers`. */
export function createExecutor(plan: LoadPlan, context: ExecutorContext): Executor {
  const { executor, iterationsPerUser: iterations = Infinity } = plan;
  if (isOpenModel(executor)) return new ArrivalRate({ ...context, plan: executor });
  return executor.kind === 'closed-users'
    ? new ClosedUsers({ ...context, iterations })
    : new StagedUsers({ ...context, plan: executor });
}
