import { z } from 'zod';
import { GaugewayError } from '../../../shared/errors.ts';
import type { RedisCommandTotals, RedisSample } from '../../timeline/samples/redis-sample.ts';
import type { RedisCommand, RedisTarget } from './redis-target.ts';

/** More than there are without modules. */
const mostCommands = 500;

/** What one look needs, in one round trip. `SLOWLOG GET 1` gives the newest entry, whose id counts all of them. */
const commands = [['time'], ['slowlog', 'get', 1], ['info', 'all']] as const satisfies RedisCommand[];

const timeAnswer = z.tuple([bufferText(), bufferText()]);
const slowlogAnswer = z.array(z.tuple([z.number()], z.unknown()));

/** A look at a server. */
export interface RedisReading {
  sample: RedisSample;
  /** The server's clock, in milliseconds since the epoch; undefined when the user may not ask. */
  serverMs: number | undefined;
  /** What the user may not read, with the remedy. */
  notes: string[];
}

/** Reads counters and the server's clock. Throws GaugewayError source_unreadable. */
export async function readRedis(redis: Pick<RedisTarget, 'ask' | 'sentCalls'>): Promise<RedisReading> {
  const ownCalls = new Map(redis.sentCalls);
  const [time, slowlog, info] = await redis.ask(...commands);
  if (info instanceof GaugewayError) throw info;
  // The server counts a command when it has run: INFO does not count itself.
  for (const name of ['time', 'slowlog|get']) ownCalls.set(name, (ownCalls.get(name) ?? 0) + 1);
  const [seconds, microseconds] = time instanceof GaugewayError ? [] : timeAnswer.parse(time);
  return {
    sample: {
      ...sampleOf(parseInfo(bufferText().parse(info)), ownCalls),
      slowCommands:
        slowlog instanceof GaugewayError ? null : (slowlogAnswer.parse(slowlog)[0]?.[0] ?? -1) + 1,
    },
    serverMs: seconds === undefined ? undefined : Number(seconds) * 1000 + Number(microseconds) / 1000,
    notes: slowlog instanceof GaugewayError ? [`the slow log: ${slowlog.message}`] : [],
  };
}

/** A text that the client gives as bytes, as keys may be any. */
export function bufferText(): z.ZodType<string> {
  return z.instanceof(Buffer).transform((bytes) => bytes.toString('utf8'));
}

/** The lines of `INFO` by name; headings and blank lines left out. */
export function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

function sampleOf(
  info: ReadonlyMap<string, string>,
  ownCalls: ReadonlyMap<string, number>,
): Omit<RedisSample, 'slowCommands'> {
  const number = (name: string): number => Number(info.get(name) ?? 0);
  const databases = [...info].filter(([name]) => /^db\d+$/.test(name)).map(([, value]) => parsePairs(value));
  const valkey = info.get('valkey_version');
  const limit = number('maxmemory');
  const totals = commandTotals(info, ownCalls);
  return {
    version: valkey === undefined ? `Redis ${info.get('redis_version') ?? '?'}` : `Valkey ${valkey}`,
    hits: number('keyspace_hits'),
    misses: number('keyspace_misses'),
    expiredKeys: number('expired_keys'),
    evictedKeys: number('evicted_keys'),
    commands: number('total_commands_processed'),
    ownCommands: [...ownCalls.values()].reduce((sum, calls) => sum + calls, 0),
    rejectedConnections: number('rejected_connections'),
    connectedClients: Math.max(0, number('connected_clients') - 1),
    blockedClients: number('blocked_clients'),
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: limit === 0 ? null : limit,
    evictionPolicy: info.get('maxmemory_policy') ?? '',
    fragmentationRatio: number('mem_fragmentation_ratio'),
    cpuMs: (number('used_cpu_user') + number('used_cpu_sys')) * 1000,
    keys: databases.reduce((sum, each) => sum + (each.get('keys') ?? 0), 0),
    keysWithExpiry: databases.reduce((sum, each) => sum + (each.get('expires') ?? 0), 0),
    byCommand: totals.slice(0, mostCommands),
    allCommands: totals.length <= mostCommands,
  };
}

function commandTotals(
  info: ReadonlyMap<string, string>,
  ownCalls: ReadonlyMap<string, number>,
): RedisCommandTotals[] {
  const prefix = 'cmdstat_';
  return [...info]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => {
      const command = name.slice(prefix.length);
      const pairs = parsePairs(value);
      return {
        command,
        calls: pairs.get('calls') ?? 0,
        ownCalls: ownOf(command, ownCalls),
        totalMs: (pairs.get('usec') ?? 0) / 1000,
        rejected: pairs.get('rejected_calls') ?? 0,
        failed: pairs.get('failed_calls') ?? 0,
      };
    })
    .toSorted((a, b) => b.totalMs - a.totalMs);
}

/** Before Redis 7 `memory usage` and its like were counted as `memory`. */
function ownOf(command: string, ownCalls: ReadonlyMap<string, number>): number {
  return [...ownCalls]
    .filter(([name]) => name === command || name.startsWith(`${command}|`))
    .reduce((sum, [, calls]) => sum + calls, 0);
}

/** `calls=1,usec=2` as numbers. */
export function parsePairs(text: string): Map<string, number> {
  return new Map(
    text.split(',').map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name, Number(value)];
    }),
  );
}
