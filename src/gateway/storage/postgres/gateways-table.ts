import type { Insertable, Selectable } from 'kysely';
import type { GatewayRecord } from '../ports.ts';
import type { Database } from './database.ts';
import type { GatewaysTable } from './tables.ts';

/** All, oldest first. */
export async function selectGateways(db: Database): Promise<GatewayRecord[]> {
  const rows = await db.selectFrom('gateways').selectAll().orderBy('created_at').orderBy('id').execute();
  return rows.map(toRecord);
}

/** Fails on a name or slug that exists. */
export async function insertGateway(db: Database, gateway: GatewayRecord): Promise<void> {
  await db.insertInto('gateways').values(toRow(gateway)).execute();
}

/** Whether there was one; its tools go with it. */
export async function deleteGatewayRow(db: Database, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('gateways').where('id', '=', id).executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

function toRecord(row: Selectable<GatewaysTable>): GatewayRecord {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    url: row.url,
    description: row.description,
    transport: row.transport,
    enabled: row.enabled,
    reachable: row.reachable,
    lastError: row.last_error,
    capabilities: row.capabilities,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toRow(gateway: GatewayRecord): Insertable<GatewaysTable> {
  return {
    id: gateway.id,
    name: gateway.name,
    slug: gateway.slug,
    url: gateway.url,
    description: gateway.description,
    transport: gateway.transport,
    enabled: gateway.enabled,
    reachable: gateway.reachable,
    last_error: gateway.lastError,
    capabilities: JSON.stringify(gateway.capabilities),
    created_at: gateway.createdAt,
    updated_at: gateway.updatedAt,
  };
}
