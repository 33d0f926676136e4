import { builtIn, createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan, LoadPlanSummary } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import type { LoadHandle } from '../../src/lab/load/load-process.ts';
import { LoadStatistics } from '../../src/lab/load/load-statistics.ts';
import type { LoadSample } from '../../src/lab/timeline/samples.ts';
import { createLogger } from '../../src/shared/logger.ts';

/** A few users at once that call tools without a pause. */
export const quickPlan: Partial<LoadPlan> = {
  users: 4,
  spawnRate: 1000,
  wait: { kind: 'constant', ms: 0 },
  scenarios: [builtIn('mcp-tools')],
};

export interface Outcome {
  statistics: LoadStatistics;
  summary: LoadPlanSummary;
  samples: LoadSample[];
}

export interface StartedLoad {
  load: LoadHandle;
  /** Both grow while it runs. */
  statistics: LoadStatistics;
  samples: LoadSample[];
}

/** Starts a generator process with the quick plan, changed by `plan`. */
export function startQuickLoad(targetUrl: string, plan: Partial<LoadPlan>): StartedLoad {
  const statistics = new LoadStatistics();
  const samples: LoadSample[] = [];
  const load = startLoad(createLoadPlan({ ...quickPlan, ...plan, targetUrl }), {
    onSample: (sample, atMs) => {
      statistics.add(sample, atMs);
      samples.push(sample);
    },
    logger: createLogger('silent'),
  });
  return { load, statistics, samples };
}

/** Runs a plan with a fixed number of tasks per user to its end. */
export async function runToEnd(targetUrl: string, plan: Partial<LoadPlan>): Promise<Outcome> {
  const { load, statistics, samples } = startQuickLoad(targetUrl, { iterationsPerUser: 10, ...plan });
  const summary = await load.planned;
  await load.finished;
  return { statistics, summary, samples };
}

/** Failures of one request name by their kinds. */
export function failuresOf(
  { statistics }: Pick<Outcome, 'statistics'>,
  name: string,
): Record<string, number> {
  return statistics.byName.find((row) => row.name === name)?.failuresByKind ?? {};
}

/** Requests by their names. */
export function requestsOf({ statistics }: Pick<Outcome, 'statistics'>): Record<string, number> {
  return Object.fromEntries(statistics.byName.map(({ name, requests }) => [name, requests]));
}
