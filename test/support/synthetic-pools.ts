import type { PgbouncerSample } from '../../src/lab/timeline/samples/pgbouncer-sample.ts';
import type { RedisSample } from '../../src/lab/timeline/samples/redis-sample.ts';

/** A pool of ten connections, two of them in use, with 50 transactions a second that wait for nothing. */
export function pgbouncerSample(second: number): PgbouncerSample {
  return {
    pools: [
      {
        database: 'mcp',
        user: 'app',
        poolMode: 'transaction',
        clientsActive: 40,
        clientsWaiting: 0,
        serversActive: 2,
        serversIdle: 6,
        serversUsed: 0,
        serversResetting: 0,
        maxWaitMs: 0,
        size: 10,
        reserve: 0,
      },
    ],
    databases: [
      {
        database: 'mcp',
        transactions: second * 50,
        queries: second * 150,
        transactionMs: second * 250,
        queryMs: second * 150,
        waitMs: 0,
      },
    ],
    settings: { maxClientConnections: 100, resetAfterTransaction: null },
  };
}

/** A warm cache: 200 reads a second, one in fifty of which misses. */
export function redisSample(second: number): RedisSample {
  return {
    version: 'Redis 7.0.15',
    hits: second * 196,
    misses: second * 4,
    expiredKeys: second * 4,
    evictedKeys: 0,
    commands: second * 204,
    ownCommands: 0,
    rejectedConnections: 0,
    connectedClients: 12,
    blockedClients: 0,
    usedMemoryBytes: 20e6,
    maxMemoryBytes: 1e9,
    evictionPolicy: 'allkeys-lru',
    fragmentationRatio: 1.1,
    cpuMs: second * 20,
    keys: 400,
    keysWithExpiry: 400,
    slowCommands: 0,
    byCommand: [
      { command: 'get', calls: second * 200, ownCalls: 0, totalMs: second * 0.6, rejected: 0, failed: 0 },
      { command: 'setex', calls: second * 4, ownCalls: 0, totalMs: second * 0.02, rejected: 0, failed: 0 },
    ],
    allCommands: true,
  };
}
