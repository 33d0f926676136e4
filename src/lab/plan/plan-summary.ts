import type { PlanBuffers } from './charge-once.ts';
import type { Explained } from './explain-json.ts';

/** What EXPLAIN tells beside the tree. Times are null when the plan was not run. */
export interface PlanSummary {
  planningMs: number | null;
  executionMs: number | null;
  /** Compiling, within the execution; null where nothing was compiled. */
  jitMs: number | null;
  /** Of the whole plan; null when they were not counted. */
  buffers: PlanBuffers | null;
  /** Settings of the planner that are not the usual ones. */
  settings: Record<string, string>;
  triggers: { name: string; calls: number; timeMs: number }[];
}

/** Reads them from an answer of EXPLAIN. */
export function planSummary(explained: Explained): PlanSummary {
  const root = explained.Plan;
  return {
    planningMs: explained['Planning Time'] ?? null,
    executionMs: explained['Execution Time'] ?? null,
    jitMs: explained.JIT?.Timing?.Total ?? null,
    buffers:
      root['Shared Hit Blocks'] === undefined
        ? null
        : {
            hit: root['Shared Hit Blocks'],
            read: root['Shared Read Blocks'] ?? 0,
            dirtied: root['Shared Dirtied Blocks'] ?? 0,
            tempRead: root['Temp Read Blocks'] ?? 0,
            tempWritten: root['Temp Written Blocks'] ?? 0,
          },
    settings: explained.Settings ?? {},
    triggers: (explained.Triggers ?? []).map((trigger) => ({
      name: trigger['Trigger Name'],
      calls: trigger.Calls,
      timeMs: trigger.Time ?? 0,
    })),
  };
}
