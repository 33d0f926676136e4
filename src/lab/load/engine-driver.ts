import { sleep } from '../../shared/clock.ts';
import { describeArrivals, describeUserStages } from './executors/describe-executor.ts';
import type { LoadDriver } from './load-driver.ts';
import { scenarioNamesOf } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { startLoad } from './load-process.ts';

/** Our own engine as the driver of a session's load. */
export function engineDriver(plan: LoadPlan): LoadDriver {
  const arrivals = describeArrivals(plan.executor);
  const userStages = describeUserStages(plan.executor);
  const { users, spawnRate } = plan;
  const scenario = scenarioNamesOf(plan);
  return {
    target: 'generator',
    settings: {
      users,
      spawnRate,
      scenario,
      ...(arrivals === undefined ? {} : { arrivals }),
      ...(userStages === undefined ? {} : { userStages }),
    },
    beginsByItself: false,
    // Stages of users are ramps and levels in one: all of them are the steady phase.
    rampMs: userStages === undefined ? (users / spawnRate) * 1000 : 0,
    awaitBeginning: (baselineMs, { signal }) => sleep(baselineMs, signal),
    start: ({ onSample, logger, signal }) => startLoad(plan, { onSample, logger, signal }),
  };
}
