import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { LatencySketch } from '../../../shared/latency-sketch.ts';
import { mergeAggregates } from '../merge-aggregates.ts';
import type { ToolAggregate } from '../ports.ts';
import type { Database } from './database.ts';
import type { ToolMetricsTotalsTable } from './tables.ts';

/** One aggregate per tool that was ever called. */
export async function selectTotals(db: Database): Promise<ToolAggregate[]> {
  const rows = await db.selectFrom('tool_metrics_totals').selectAll().orderBy('tool_id').execute();
  return rows.map(toAggregate);
}

/**
 * Adds the deltas to what is stored. Rows are made first and then locked in the order of their ids, so that
 * replicas that flush at the same time neither lose a delta nor deadlock.
 */
export async function mergeTotals(db: Database, deltas: readonly ToolAggregate[]): Promise<void> {
  if (deltas.length === 0) return;
  const ids = deltas.map((delta) => delta.toolId).toSorted();
  const empty = JSON.stringify(new LatencySketch());
  await sql`
    insert into tool_metrics_totals (tool_id, calls, failures, last_call, latency)
    select tools.id, 0, 0, null, ${empty}::json from tools where tools.id = any(${ids}::text[]) order by tools.id
    on conflict (tool_id) do nothing`.execute(db);
  const stored = await db
    .selectFrom('tool_metrics_totals')
    .selectAll()
    .where('tool_id', 'in', sql<string>`(select unnest(${ids}::text[]))`)
    .orderBy('tool_id')
    .forUpdate()
    .execute();

  const byTool = new Map(deltas.map((delta) => [delta.toolId, delta]));
  const merged = stored.map((row) => mergeAggregates(toAggregate(row), byTool.get(row.tool_id)));
  await sql`
    update tool_metrics_totals as total
    set calls = delta.calls, failures = delta.failures, last_call = to_timestamp(delta.last_ms / 1000),
        latency = delta.latency::json
    from unnest(
      ${merged.map((each) => each.toolId)}::text[],
      ${merged.map((each) => each.calls)}::bigint[],
      ${merged.map((each) => each.failures)}::bigint[],
      ${merged.map((each) => each.lastCallMs)}::double precision[],
      ${merged.map((each) => JSON.stringify(each.latency))}::text[]
    ) as delta (tool_id, calls, failures, last_ms, latency)
    where total.tool_id = delta.tool_id`.execute(db);
}

function toAggregate(row: Selectable<ToolMetricsTotalsTable>): ToolAggregate {
  return {
    toolId: row.tool_id,
    calls: Number(row.calls),
    failures: Number(row.failures),
    lastCallMs: row.last_call?.getTime() ?? 0,
    latency: row.latency,
  };
}
