import { sql } from 'kysely';
import type { ToolCallRecord } from '../ports.ts';
import type { Database } from './database.ts';

/**
 * One statement with five parameters, whatever the number of rows. The join leaves out calls of tools that
 * were deleted since, which the foreign key would otherwise take as a reason to refuse the batch.
 */
export async function insertToolMetrics(db: Database, rows: readonly ToolCallRecord[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into tool_metrics (tool_id, timestamp, response_time, is_success, error_message)
    select call.tool_id, to_timestamp(call.timestamp_ms / 1000), call.response_time, call.is_success, call.error
    from unnest(
      ${rows.map((row) => row.toolId)}::text[],
      ${rows.map((row) => row.timestampMs)}::double precision[],
      ${rows.map((row) => row.responseTime)}::double precision[],
      ${rows.map((row) => row.isSuccess)}::boolean[],
      ${rows.map((row) => row.errorMessage)}::text[]
    ) as call (tool_id, timestamp_ms, response_time, is_success, error)
    join tools on tools.id = call.tool_id`.execute(db);
}
