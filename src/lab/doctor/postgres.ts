import { z } from 'zod';
import { outsideMessage } from '../../shared/outside-error.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';
import { clockOffset, type ClockOffset } from '../collect/postgres/clock-offset.ts';
import { labMark, type SampleQuery } from '../collect/postgres/lab-sql.ts';
import { PostgresTarget } from '../collect/postgres/postgres-target.ts';
import { applyChecks, type Check, type Examination, fail, info, ok, warn } from './check.ts';

const factsRow = z.object({
  role: z.string(),
  version: z.string(),
  database: z.string(),
  canMonitor: z.boolean(),
  preloaded: z.string(),
  statementsInstalled: z.boolean(),
  hypopg: z.enum(['installed', 'available', 'absent']),
  trackIoTiming: z.boolean(),
  trackActivities: z.boolean(),
  maxConnections: z.number(),
  connections: z.number(),
  serverPort: z.number().nullable(),
});

/** What a role sees of its server. */
export interface PostgresFacts extends z.infer<typeof factsRow> {
  dsnPort: number;
  clock: ClockOffset;
}

const serverFacts = {
  sql: `select ${labMark} current_user::text as role, current_setting('server_version') as version,
      current_database()::text as database,
      pg_has_role(current_user, 'pg_read_all_stats', 'usage') and
        pg_has_role(current_user, 'pg_read_all_settings', 'usage') as "canMonitor",
      case when pg_has_role(current_user, 'pg_read_all_settings', 'usage')
        then current_setting('shared_preload_libraries') else '?' end as preloaded,
      exists (select 1 from pg_extension where extname = 'pg_stat_statements') as "statementsInstalled",
      case when exists (select 1 from pg_extension where extname = 'hypopg') then 'installed'
        when exists (select 1 from pg_available_extensions where name = 'hypopg') then 'available'
        else 'absent' end as hypopg,
      current_setting('track_io_timing')::boolean as "trackIoTiming",
      current_setting('track_activities')::boolean as "trackActivities",
      current_setting('max_connections')::int as "maxConnections",
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
      inet_server_port() as "serverPort"`,
  rows: z.tuple([factsRow]),
} satisfies SampleQuery<unknown>;

const statements = 'pg_stat_statements';

/** Checks of a PostgreSQL that answers. */
export const postgresChecks: readonly Check<PostgresFacts>[] = [
  {
    name: 'version',
    judge: ({ version, database }) => ok(`PostgreSQL ${version.split(' ')[0]}, database ${database}`),
  },
  {
    name: 'role',
    judge: ({ role, canMonitor }) =>
      canMonitor
        ? ok(`${role} sees what all others do (pg_monitor)`)
        : fail(`${role} does not see what others do`, `GRANT pg_monitor TO ${identifier(role)};`),
  },
  {
    name: 'statements',
    judge({ preloaded, statementsInstalled, database, canMonitor }) {
      const libraries = preloaded.split(',').map((name) => name.trim());
      const loaded = libraries.includes(statements);
      if (statementsInstalled && (loaded || !canMonitor)) return ok(`${statements} is installed`);
      // Each name is a literal of its own: one literal with commas would be taken for one name.
      const all = [...libraries.filter((name) => name !== ''), statements]
        .map((name) => `'${name.replaceAll("'", "''")}'`)
        .join(', ');
      const steps = [
        ...(loaded || !canMonitor
          ? []
          : [`ALTER SYSTEM SET shared_preload_libraries = ${all};  -- then restart`]),
        ...(statementsInstalled ? [] : [`CREATE EXTENSION ${statements};  -- in ${database}`]),
      ];
      const found = loaded || !canMonitor ? 'is not installed in this database' : 'is not preloaded';
      return warn(`${statements} ${found}: no statement can be named`, ...steps);
    },
  },
  {
    name: 'I/O times',
    judge: ({ trackIoTiming }) =>
      trackIoTiming
        ? ok('track_io_timing is on')
        : warn(
            'track_io_timing is off: reading looks free',
            'ALTER SYSTEM SET track_io_timing = on; SELECT pg_reload_conf();',
          ),
  },
  {
    name: 'activity',
    judge: ({ trackActivities }) =>
      trackActivities
        ? undefined
        : fail(
            'track_activities is off: no state, no query',
            'ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();',
          ),
  },
  {
    name: 'index advice',
    judge: ({ hypopg, version }) =>
      hypopg === 'installed'
        ? ok('hypopg is installed: advice is checked')
        : info(
            `hypopg is not installed: advice is not checked`,
            ...(hypopg === 'absent' ? [`apt install postgresql-${version.split('.')[0]}-hypopg`] : []),
            'CREATE EXTENSION hypopg;',
          ),
  },
  {
    name: 'connections',
    judge: ({ connections, maxConnections }) =>
      connections < maxConnections * 0.9
        ? ok(`${connections} of ${maxConnections} are taken`)
        : warn(`${connections} of ${maxConnections} are taken: a run may not get its own`),
  },
  {
    name: 'path',
    judge: ({ serverPort, dsnPort }) =>
      serverPort === null || serverPort === dsnPort
        ? ok('a connection of its own')
        : info(
            `behind a pooler: the server itself listens on port ${serverPort}`,
            `name port ${serverPort} in postgres.dsn: hypopg and clocks need the server itself`,
          ),
  },
  {
    name: 'clock',
    judge: ({ clock: { offsetMs, errorMs } }) => {
      const found = `${offsetMs.toFixed(1)} ms off ours (± ${errorMs.toFixed(1)} ms)`;
      return Math.abs(offsetMs) - errorMs > 1000
        ? warn(found, 'sudo systemctl restart systemd-timesyncd')
        : ok(found);
    },
  },
];

/** Connects as every look does, and asks once. */
export const examinePostgres: Examination = async ({ postgresDsn }, signal) => {
  if (postgresDsn === undefined) return [];
  let postgres: PostgresTarget | undefined;
  try {
    postgres = await PostgresTarget.connect(postgresDsn, signal);
    const [facts] = (await postgres.read(serverFacts)).of(serverFacts);
    const dsnPort = Number(new URL(postgresDsn).port || 5432);
    return applyChecks('postgres', postgresChecks, { ...facts, dsnPort, clock: await clockOffset(postgres) });
  } catch (error) {
    const message = maskSecrets(outsideMessage(error));
    return [
      {
        source: 'postgres',
        check: 'connection',
        ...fail(message, ...connectionRemedy(message, postgresDsn)),
      },
    ];
  } finally {
    await postgres?.close();
  }
};

/** What helps against the refusals of PostgreSQL, by its own words (postgresql.org/docs, "Client Authentication Problems"). */
function connectionRemedy(message: string, dsn: string): string[] {
  const { username, pathname } = new URL(dsn);
  const role = decodeURIComponent(username) || 'gaugeway_lab';
  if (message.includes('ECONNREFUSED') || message.includes('ENOENT')) {
    return ['start the server, or let gaugeway discover --force find where it listens now'];
  }
  if (/client password must be a string|password authentication failed|does not exist/.test(message)) {
    const missing = /database .* does not exist/.test(message)
      ? `gaugeway discover --force finds the databases; there is no ${pathname.slice(1)}`
      : `CREATE ROLE ${identifier(role)} LOGIN PASSWORD '…' IN ROLE pg_monitor;`;
    return [missing];
  }
  if (message.includes('no pg_hba.conf entry')) {
    return [`in pg_hba.conf: host ${pathname.slice(1) || 'all'} ${role} 127.0.0.1/32 scram-sha-256`];
  }
  return [];
}

function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
