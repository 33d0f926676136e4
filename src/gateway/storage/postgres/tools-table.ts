import { sql } from 'kysely';
import type { Insertable, Selectable } from 'kysely';
import type { ToolRecord } from '../ports.ts';
import type { Database } from './database.ts';
import type { ToolsTable } from './tables.ts';

/** All, by name. */
export async function selectTools(db: Database): Promise<ToolRecord[]> {
  const rows = await db.selectFrom('tools').selectAll().orderBy('name').execute();
  return rows.map(toRecord);
}

/** PostgreSQL takes at most 65,535 parameters in one statement. */
const rowsPerInsert = 1000;

/** Any number. Fails on a name that exists. */
export async function insertTools(db: Database, tools: readonly ToolRecord[]): Promise<void> {
  for (let from = 0; from < tools.length; from += rowsPerInsert) {
    const rows = tools.slice(from, from + rowsPerInsert).map(toRow);
    await db.insertInto('tools').values(rows).execute();
  }
}

/**
 * Holds off the deletion of these tools until the transaction ends. One that is being deleted now is waited for: a
 * later statement no longer sees it, where otherwise the foreign key would refuse what belongs to it and all else.
 */
export async function keepTools(db: Database, calls: readonly { toolId: string }[]): Promise<void> {
  const ids = [...new Set(calls.map(({ toolId }) => toolId))];
  await sql`select id from tools where id = any(${ids}::text[]) order by id for key share`.execute(db);
}

function toRecord(row: Selectable<ToolsTable>): ToolRecord {
  return {
    id: row.id,
    gatewayId: row.gateway_id,
    name: row.name,
    originalName: row.original_name,
    definition: row.definition,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toRow(tool: ToolRecord): Insertable<ToolsTable> {
  return {
    id: tool.id,
    gateway_id: tool.gatewayId,
    name: tool.name,
    original_name: tool.originalName,
    definition: JSON.stringify(tool.definition),
    created_at: tool.createdAt,
    updated_at: tool.updatedAt,
  };
}
