/** One look at `INFO`; counters are cumulative since the server began, or since `CONFIG RESETSTAT`. */
export interface RedisSample {
  /** e.g. `Redis 7.0.15`, `Valkey 8.1.0`. */
  version: string;
  hits: number;
  misses: number;
  expiredKeys: number;
  evictedKeys: number;
  commands: number;
  /** Of `commands`, those of the lab's connection; differences leave them out. */
  ownCommands: number;
  /** Refused because `maxclients` was reached. */
  rejectedConnections: number;
  /** The lab's own not counted. */
  connectedClients: number;
  blockedClients: number;
  usedMemoryBytes: number;
  /** Null when there is no limit. */
  maxMemoryBytes: number | null;
  evictionPolicy: string;
  fragmentationRatio: number;
  /** User and system. */
  cpuMs: number;
  keys: number;
  keysWithExpiry: number;
  /** How many commands were slower than `slowlog-log-slower-than` so far; null when the user may not ask. */
  slowCommands: number | null;
  /** `INFO commandstats`, at most the 500 with the most time. */
  byCommand: RedisCommandTotals[];
  /** Whether those are all, so that a command that is not among them was not called. */
  allCommands: boolean;
}

/** Cumulative figures of one command, e.g. `get` or `memory|usage`. */
export interface RedisCommandTotals {
  command: string;
  calls: number;
  /** Of `calls`, those of the lab's connection. */
  ownCalls: number;
  totalMs: number;
  rejected: number;
  failed: number;
}
