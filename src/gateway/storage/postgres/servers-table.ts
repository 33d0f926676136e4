import type { ServerRecord } from '../ports.ts';
import type { Database } from './database.ts';

/** All with their tools, oldest first. */
export async function selectServers(db: Database): Promise<ServerRecord[]> {
  const servers = await db.selectFrom('servers').selectAll().orderBy('created_at').orderBy('id').execute();
  const bundled = await db.selectFrom('server_tools').selectAll().orderBy('position').execute();
  const toolIds = Map.groupBy(bundled, (row) => row.server_id);
  return servers.map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    toolIds: (toolIds.get(row.id) ?? []).map((entry) => entry.tool_id),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}

/** With its tools, in their order. Fails on a name that exists and on unknown tools. */
export async function insertServer(db: Database, server: ServerRecord): Promise<void> {
  await db
    .insertInto('servers')
    .values({
      id: server.id,
      name: server.name,
      description: server.description,
      created_at: server.createdAt,
      updated_at: server.updatedAt,
    })
    .execute();
  if (server.toolIds.length === 0) return;
  const entries = server.toolIds.map((toolId, position) => ({
    server_id: server.id,
    tool_id: toolId,
    position,
  }));
  await db.insertInto('server_tools').values(entries).execute();
}

/** Whether there was one. */
export async function deleteServerRow(db: Database, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('servers').where('id', '=', id).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}
