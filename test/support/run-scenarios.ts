import { createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan, LoadPlanSummary } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import { LoadStatistics } from '../../src/lab/load/load-statistics.ts';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import type { ScenarioDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { createLogger } from '../../src/shared/logger.ts';

/** What scenarios showed, by the names of their requests. */
export interface ScenarioOutcome {
  requests: Record<string, number>;
  failures: Record<string, Record<string, number>>;
  exceptions: Record<string, number>;
  summary: LoadPlanSummary;
}

/** Runs scenarios with a fixed number of tasks per user to their end. */
export async function runScenarios(
  targetUrl: string,
  scenarios: LoadPlan['scenarios'],
  plan: Partial<LoadPlan> = {},
): Promise<ScenarioOutcome> {
  const statistics = new LoadStatistics();
  const exceptions: Record<string, number> = {};
  const load = startLoad(
    createLoadPlan({
      users: 4,
      spawnRate: 1000,
      iterationsPerUser: 5,
      wait: { kind: 'constant', ms: 0 },
      ...plan,
      scenarios,
      targetUrl,
    }),
    {
      logger: createLogger('silent'),
      onSample: (sample, atMs) => statistics.add(sample, atMs),
      onException: ({ message, count }) => (exceptions[message] = (exceptions[message] ?? 0) + count),
    },
  );
  const summary = await load.planned;
  await load.finished;
  const rows = statistics.byName;
  return {
    requests: Object.fromEntries(rows.map(({ name, requests }) => [name, requests])),
    failures: Object.fromEntries(
      rows.filter(({ failures }) => failures > 0).map(({ name, failuresByKind }) => [name, failuresByKind]),
    ),
    exceptions,
    summary,
  };
}

/** A scenario as a plan takes it, from what its author would write. */
export function scenario(definition: ScenarioDefinition, weight = 1): LoadPlan['scenarios'][number] {
  return { weight, scenario: readDefinition(definition) };
}
