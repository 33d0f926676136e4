import { PostgresTarget } from '../lab/collect/postgres/postgres-target.ts';
import { SharedConnection } from '../lab/collect/shared-connection.ts';
import type { StackSources } from '../shared/stack-description.ts';
import { missingSource, readSources, type SourceFlags, type StackSettings } from './source-options.ts';

/** The PostgreSQL that the options name, to which nothing is connected yet. Throws GaugewayError usage without one. */
export async function readPostgres(
  flags: SourceFlags,
): Promise<{ shared: SharedConnection<PostgresTarget>; sources: StackSources; settings: StackSettings }> {
  const { sources, settings } = await readSources(flags, { processes: false });
  const dsn = sources.postgresDsn;
  if (dsn === undefined) throw missingSource('PostgreSQL', '--pg');
  const shared = new SharedConnection((signal) => PostgresTarget.connect(dsn, signal));
  return { shared, sources, settings };
}
