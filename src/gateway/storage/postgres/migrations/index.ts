import type { Migration } from 'kysely/migration';
import { catalogAndMetrics } from './0001-catalog-and-metrics.ts';

/** Every migration under the name it is recorded by, oldest first. One that was released never changes. */
export const migrations: Record<string, Migration> = {
  '0001-catalog-and-metrics': catalogAndMetrics,
};
