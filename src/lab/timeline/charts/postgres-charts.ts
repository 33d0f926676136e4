import { connectionStates } from '../samples.ts';
import { type ChartDefinition, each, rates, samplesOf } from './chart-definition.ts';

/** What PostgreSQL tells of itself. */
export const postgresCharts = {
  connections: {
    title: 'PostgreSQL connections by state',
    unit: 'connections',
    points: ({ postgres }) => {
      const seen = new Set(
        samplesOf(postgres).flatMap((sample) => sample.connections.map((entry) => entry.state)),
      );
      return each(postgres, ({ connections }, label) =>
        connectionStates
          .filter((state) => seen.has(state))
          .map((state) => [
            label(state),
            connections.reduce((sum, entry) => sum + (entry.state === state ? entry.count : 0), 0),
          ]),
      );
    },
  },
  'transaction-age': {
    title: 'Oldest transaction',
    unit: 's',
    points: ({ postgres }) =>
      each(postgres, ({ connections }, label) => [
        [label('age'), connections.reduce((oldest, entry) => Math.max(oldest, entry.maxTransactionAgeS), 0)],
      ]),
  },
  'sequential-reads': {
    title: 'Rows read by sequential scans',
    unit: 'rows per second',
    points: ({ postgres }) =>
      rates(postgres, ({ tables }) => tables.map((table) => [tableName(table), table.seqTupRead])),
  },
} as const satisfies Record<string, ChartDefinition>;

function tableName({ schema, table }: { schema: string; table: string }): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}
