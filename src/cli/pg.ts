import { type Command, Option } from 'commander';
import { PgbouncerTarget } from '../lab/collect/pgbouncer/pgbouncer-target.ts';
import type { PostgresTarget } from '../lab/collect/postgres/postgres-target.ts';
import { SharedConnection } from '../lab/collect/shared-connection.ts';
import type { Look, LookDocument } from '../lab/look/look.ts';
import { ConnectionsLook } from '../lab/look/pg/connections.ts';
import { PoolLook } from '../lab/look/pg/pool.ts';
import { type StatementOrder, statementOrders, StatementsLook } from '../lab/look/pg/statements.ts';
import { IndexesLook } from '../lab/look/pg/indexes.ts';
import { LocksLook } from '../lab/look/pg/locks.ts';
import { StuckLook } from '../lab/look/pg/stuck.ts';
import { TablesLook } from '../lab/look/pg/tables.ts';
import type { StackSources } from '../shared/stack-description.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { registerPgExplain } from './pg-explain.ts';
import { readPostgres } from './read-postgres.ts';
import { registerPgReset } from './pg-reset.ts';
import { runLook } from './run-look.ts';
import {
  addSourceOptions,
  missingSource,
  readSources,
  type SourceFlags,
  type SourceKind,
} from './source-options.ts';

const usualWindowMs = 10_000;

/** `gaugeway pg …`: looks at a PostgreSQL, which only `reset` changes. */
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
  addLook(
    pg.command('stuck').summary('open transactions without work, long queries, and whose they are'),
    (shared, _flags, { pgbouncerDsn }) =>
      new StuckLook(shared, pgbouncerDsn === undefined ? undefined : pgbouncerAt(pgbouncerDsn)),
    { also: ['pgbouncer'] },
  );
  addLook(
    pg.command('locks').summary('who waits for a lock, and who holds it, as a tree'),
    (shared) => new LocksLook(shared),
  );
  addLook(
    pg.command('indexes').summary('tables that miss an index, and indexes that serve nobody'),
    (shared) => new IndexesLook(shared),
  );
  registerPool(pg);
  registerPgExplain(pg);
  registerPgReset(pg);
}

/** Reads another source than its siblings: PgBouncer's admin console. */
function registerPool(pg: Command): void {
  const command = pg
    .command('pool')
    .summary("PgBouncer's pools: who waits for a server connection, how long, and how full they are");
  addSourceOptions(command, ['pgbouncer']);
  addLookOptions(command, { windowMs: 5000 });
  command.action(async (flags: SourceFlags & LookFlags) => {
    const { sources, settings } = await readSources(flags, { processes: false });
    const dsn = sources.pgbouncerDsn;
    if (dsn === undefined) throw missingSource('PgBouncer', '--pgbouncer');
    await runLook(new PoolLook(pgbouncerAt(dsn)), flags, limitsOf(flags, settings.limits));
  });
}

function pgbouncerAt(dsn: string): SharedConnection<PgbouncerTarget> {
  return new SharedConnection((signal) => PgbouncerTarget.connect(dsn, signal));
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
  create: (
    postgres: SharedConnection<PostgresTarget>,
    flags: PgFlags,
    sources: StackSources,
  ) => Look<Reading, Document>,
  { also = [], ...window }: { windowMs?: number; also?: SourceKind[] } = {},
): void {
  command.description(command.summary());
  addSourceOptions(command, ['postgres', ...also]);
  addLookOptions(command, window);
  command.action(async (flags: PgFlags) => {
    const { shared, sources, settings } = await readPostgres(flags);
    await runLook(create(shared, flags, sources), flags, limitsOf(flags, settings.limits));
  });
}
