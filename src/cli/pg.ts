import type { Command } from 'commander';
import { PgbouncerTarget } from '../lab/collect/pgbouncer/pgbouncer-target.ts';
import { PostgresTarget } from '../lab/collect/postgres/postgres-target.ts';
import { SharedConnection } from '../lab/collect/shared-connection.ts';
import { ConnectionsLook } from '../lab/look/pg/connections.ts';
import { PoolLook } from '../lab/look/pg/pool.ts';
import type { Look, LookDocument } from '../lab/look/look.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { runLook } from './run-look.ts';
import { addSourceOptions, missingSource, readSources, type SourceFlags } from './source-options.ts';

/** `gaugeway pg …`: looks at a PostgreSQL, which it never changes. */
export function registerPg(program: Command): void {
  const pg = program.command('pg').description('Looks at a PostgreSQL: a role with pg_monitor suffices');
  addLook(
    pg.command('connections').summary('states, counts and ages, by application and client'),
    (shared) => new ConnectionsLook(shared),
  );
  registerPool(pg);
}

/** Reads another source than its siblings: PgBouncer's admin console. */
function registerPool(pg: Command): void {
  const command = pg
    .command('pool')
    .summary("PgBouncer's pools: who waits for a server connection, how long, and how full they are");
  addSourceOptions(command, ['pgbouncer']);
  addLookOptions(command, { windowMs: 5000 });
  command.action(async (flags: SourceFlags & LookFlags) => {
    const { sources, settings } = await readSources(flags);
    const dsn = sources.pgbouncerDsn;
    if (dsn === undefined) throw missingSource('PgBouncer', '--pgbouncer');
    const shared = new SharedConnection((signal) => PgbouncerTarget.connect(dsn, signal));
    await runLook(new PoolLook(shared), flags, limitsOf(flags, settings.limits));
  });
}

function addLook<Reading, Document extends LookDocument>(
  command: Command,
  create: (postgres: SharedConnection<PostgresTarget>) => Look<Reading, Document>,
  window: { windowMs?: number } = {},
): void {
  addSourceOptions(command, ['postgres']);
  addLookOptions(command, window);
  command.action(async (flags: SourceFlags & LookFlags) => {
    const { sources, settings } = await readSources(flags);
    const dsn = sources.postgresDsn;
    if (dsn === undefined) throw missingSource('PostgreSQL', '--pg');
    const shared = new SharedConnection((signal) => PostgresTarget.connect(dsn, signal));
    await runLook(create(shared), flags, limitsOf(flags, settings.limits));
  });
}
