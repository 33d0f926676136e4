/** One look at PgBouncer's admin console. The console's own pool, and with it the lab's connection, is left out. */
export interface PgbouncerSample {
  pools: PgbouncerPool[];
  databases: PgbouncerTotals[];
  settings: PgbouncerSettings;
}

/** A row of `SHOW POOLS`: a database and a user. */
export interface PgbouncerPool {
  database: string;
  user: string;
  poolMode: string;
  /** Linked to a server connection, or connected without a wish. */
  clientsActive: number;
  clientsWaiting: number;
  /** Linked to a client. */
  serversActive: number;
  serversIdle: number;
  /** Idle ones that must be checked before they are used again, and those that log in. */
  serversUsed: number;
  /** Those that run `server_reset_query` or are being checked: they serve nobody meanwhile. */
  serversResetting: number;
  /** How long the first client in the queue has waited by now. */
  maxWaitMs: number;
  /** Server connections that the pool may have, the reserve not counted; null when PgBouncer does not tell. */
  size: number | null;
  /** Server connections beyond `size` for clients that waited long. */
  reserve: number;
}

/** A row of `SHOW STATS`, cumulative. */
export interface PgbouncerTotals {
  database: string;
  /** Counted when they begin, as queries are; their times when they end. */
  transactions: number;
  queries: number;
  transactionMs: number;
  queryMs: number;
  /** Time that clients spent waiting for a server connection, counted when they got one. */
  waitMs: number;
}

/** Of `SHOW CONFIG`. */
export interface PgbouncerSettings {
  maxClientConnections: number;
  /** `server_reset_query` where it runs after every transaction (`server_reset_query_always`); null where it does not. */
  resetAfterTransaction: string | null;
}
