import { type ChartDefinition, each, type Point } from './chart-definition.ts';

/** What PgBouncer tells of its pools. */
export const pgbouncerCharts = {
  'pool-clients': {
    title: 'PgBouncer clients that wait',
    unit: 'connections',
    points: ({ pgbouncer }) =>
      each(pgbouncer, ({ pools }, label) =>
        pools.map((pool) => [label(poolName(pool)), pool.clientsWaiting]),
      ),
  },
  'pool-servers': {
    title: 'PgBouncer server connections in use',
    unit: 'connections',
    points: ({ pgbouncer }) =>
      each(pgbouncer, ({ pools }, label) => pools.map((pool) => [label(poolName(pool)), pool.serversActive])),
  },
  'pool-wait': {
    title: 'Wait for a server connection, per transaction',
    unit: 'ms',
    points: function* ({ pgbouncer }): Iterable<Point> {
      for (const [target, samples] of pgbouncer) {
        for (const [at, { atMs, data }] of samples.entries()) {
          for (const { database, waitMs, transactions } of data.databases) {
            const before = samples[at - 1]?.data.databases.find((totals) => totals.database === database);
            if (before === undefined || transactions <= before.transactions) continue;
            const label = pgbouncer.size > 1 ? `${database}, ${target}` : database;
            yield [label, atMs, (waitMs - before.waitMs) / (transactions - before.transactions)];
          }
        }
      }
    },
  },
} as const satisfies Record<string, ChartDefinition>;

function poolName({ database, user }: { database: string; user: string }): string {
  return `${database}/${user}`;
}
