import { type Command, Option } from 'commander';
import { PgbouncerTarget } from '../lab/collect/pgbouncer/pgbouncer-target.ts';
import { PostgresTarget } from '../lab/collect/postgres/postgres-target.ts';
import { SharedConnection } from '../lab/collect/shared-connection.ts';
import type { Look, LookDocument } from '../lab/look/look.ts';
import { ConnectionsLook } from '../lab/look/pg/connections.ts';
import { PoolLook } from '../lab/look/pg/pool.ts';
import { type StatementOrder, statementOrders, StatementsLook } from '../lab/look/pg/statements.ts';
import { TablesLook } from '../lab/look/pg/tables.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { runLook } from './run-look.ts';
import { addSourceOptions, missingSource, readSources, type SourceFlags } from './source-options.ts';

const usualWindowMs = 10_000;

/** `gaugeway pg …`: looks at a PostgreSQL, which it never changes. */
export function registerPg(program: Command): void {
  const pg = program.command('pg').description('Looks at a PostgreSQL: a role with pg_monitor suffices');
  addLook(
    pg.command('connections').summary('states, counts and ages, by application and client'),
    (shared) => new ConnectionsLook(shared),
  );
  addLook(
    overTime(pg.command('tables').summary('which tables are scanned sequentially, and how much is read')),
    (shared, { lifetime = false }) => new TablesLook(shared, { lifetime }),
    { windowMs: usualWindowMs },
  );
  addLook(
    overTime(pg.command('statements').summary('which statements take the time of the database')).addOption(
      new Option('--sort <order>', 'by what statements are ranked').choices(statementOrders).default('total'),
    ),
    (shared, { lifetime = false, sort = 'total' }) => new StatementsLook(shared, { lifetime, sort }),
    { windowMs: usualWindowMs },
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

interface PgFlags extends SourceFlags, LookFlags {
  /** Of looks at counters. */
  lifetime?: boolean;
  /** Of statements. */
  sort?: StatementOrder;
}

function overTime(command: Command): Command {
  return command.addOption(
    new Option('--lifetime', 'show all since the last reset instead of a window')
      .default(false)
      .conflicts('window'),
  );
}

function addLook<Reading, Document extends LookDocument>(
  command: Command,
  create: (postgres: SharedConnection<PostgresTarget>, flags: PgFlags) => Look<Reading, Document>,
  window: { windowMs?: number } = {},
): void {
  command.description(command.summary());
  addSourceOptions(command, ['postgres']);
  addLookOptions(command, window);
  command.action(async (flags: PgFlags) => {
    const { sources, settings } = await readSources(flags);
    const dsn = sources.postgresDsn;
    if (dsn === undefined) throw missingSource('PostgreSQL', '--pg');
    const shared = new SharedConnection((signal) => PostgresTarget.connect(dsn, signal));
    await runLook(create(shared, flags), flags, limitsOf(flags, settings.limits));
  });
}
