import { sql } from 'kysely';
import type { Database } from './database.ts';

/** The channel on which a new version is told to the replicas that can listen. */
export const catalogChannel = 'gaugeway_catalog';

/** Statement of {@link selectCatalogVersion}, for connections outside the query builder. */
export const catalogVersionSql = 'select version from catalog_version where id = 1';

/** The version that the last committed change gave. */
export async function selectCatalogVersion(db: Database): Promise<number> {
  const row = await db
    .selectFrom('catalog_version')
    .select('version')
    .where('id', '=', 1)
    .executeTakeFirstOrThrow();
  return Number(row.version);
}

/** Part of the transaction of every change: the others hear of it exactly when it is committed. */
export async function advanceCatalogVersion(db: Database): Promise<void> {
  await sql`
    with advanced as (update catalog_version set version = version + 1 where id = 1 returning version)
    select pg_notify(${catalogChannel}, version::text) from advanced`.execute(db);
}
