import { sleep } from '../../shared/clock.ts';
import { describeArrivals } from './executors/describe-executor.ts';
import type { LoadDriver } from './load-driver.ts';
import { scenarioNamesOf } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';
import { startLoad } from './load-process.ts';

/** Our own engine as the driver of a session's load. */
export function engineDriver(plan: LoadPlan): LoadDriver {
  const arrivals = describeArrivals(plan.executor);
  const { users, spawnRate } = plan;
  const scenario = scenarioNamesOf(plan);
  return {
    target: 'generator',
    settings: { users, spawnRate, scenario, ...(arrivals === undefined ? {} : { arrivals }) },
    beginsByItself: false,
    rampMs: (users / spawnRate) * 1000,
    awaitBeginning: (baselineMs, { signal }) => sleep(baselineMs, signal),
    start: ({ onSample, logger, signal }) => startLoad(plan, { onSample, logger, signal }),
  };
}
