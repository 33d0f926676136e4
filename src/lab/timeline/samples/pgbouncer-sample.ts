/** One look at PgBouncer's admin console: `SHOW POOLS`, `SHOW STATS` and limits; the lab's own connection is left out. */
export interface PgbouncerSample {
  pools: PgbouncerPool[];
  databases: PgbouncerTotals[];
  /** `SHOW CONFIG`. */
  maxClientConnections: number;
}

/** A row of `SHOW POOLS`. */
export interface PgbouncerPool {
  database: string;
  user: string;
  poolMode: string;
  clientsActive: number;
  clientsWaiting: number;
  serversActive: number;
  serversIdle: number;
  serversUsed: number;
  /** How long the first client in the queue has waited by now. */
  maxWaitMs: number;
  /** Server connections that the pool may have, the reserve not counted; null when it is unlimited. */
  size: number | null;
}

/** A row of `SHOW STATS`, cumulative. */
export interface PgbouncerTotals {
  database: string;
  transactions: number;
  queries: number;
  transactionMs: number;
  queryMs: number;
  /** Time that clients spent waiting for a server connection. */
  waitMs: number;
}
