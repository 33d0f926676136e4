import type { MetricsStore } from '../ports.ts';
import type { Database } from './database.ts';
import { mapErrors } from './postgres-error.ts';
import { insertToolMetrics } from './tool-metrics-table.ts';
import { mergeTotals, selectTotals } from './tool-metrics-totals-table.ts';
import { keepTools } from './tools-table.ts';

/** Calls and their aggregates in PostgreSQL. */
export function createPostgresMetricsStore(database: Database): MetricsStore {
  return {
    write: (rows, deltas) =>
      mapErrors(() =>
        database.transaction().execute(async (transaction) => {
          await keepTools(transaction, [...rows, ...deltas]);
          await insertToolMetrics(transaction, rows);
          await mergeTotals(transaction, deltas);
        }),
      ),
    readAggregates: () => mapErrors(() => selectTotals(database)),
  };
}
