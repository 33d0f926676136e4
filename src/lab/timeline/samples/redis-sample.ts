/** One look at `INFO`; counters are cumulative, and the lab's own commands are left out where they can be told. */
export interface RedisSample {
  /** `redis_version`, or `valkey_version`. */
  version: string;
  hits: number;
  misses: number;
  expiredKeys: number;
  evictedKeys: number;
  commands: number;
  /** Refused because `maxclients` was reached. */
  rejectedConnections: number;
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
  slowlogLength: number;
  /** `INFO commandstats`, the 30 with the most time. */
  byCommand: { command: string; calls: number; totalMs: number; rejected: number; failed: number }[];
}
