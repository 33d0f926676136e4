import { GaugewayError } from '../../shared/errors.ts';

/** A limit of a healthy stack. */
export interface LimitSpec {
  value: number;
  unit: string;
  /** What is held against it, as the end of «beyond it, …». */
  meaning: string;
  /** What crossing it means. */
  verdict: 'warn' | 'fail';
  /** Where the value comes from. */
  source: string;
}

const guide = 'ContextForge profiling guide';

/**
 * Every limit that a look judges by, declared once: `--limit NAME=VALUE` or `limits:` of the stack file changes one.
 * Percent of CPU are of one core, as `docker stats` has them.
 */
export const limitTable = {
  'pg.connections.used': limit(
    80,
    '% of max_connections',
    'connections may run out',
    'fail',
    'postgres_exporter',
  ),
  'pg.idle-in-transaction.count': limit(50, 'connections', 'connections may run out', 'fail', guide),
  'pg.idle-in-transaction.age': limit(
    5,
    's',
    'a transaction is held across other work',
    'warn',
    'our own rule',
  ),
  'pgbouncer.average-wait': limit(
    10,
    'ms',
    'transactions wait for a server connection on average',
    'fail',
    'our own rule',
  ),
  'pgbouncer.max-wait': limit(1000, 'ms', 'a client has waited in the queue', 'fail', 'our own rule'),
  'pgbouncer.servers-used': limit(80, '%', 'a pool is nearly used up', 'warn', 'our own rule'),
  'pgbouncer.clients': limit(80, '%', 'max_client_conn is nearly reached', 'warn', 'our own rule'),
  'pg.idle-in-transaction.stuck': limit(60, 's', 'a transaction was forgotten', 'fail', guide),
  'pg.query.shown': limit(1, 's', 'a query that runs is shown among what is stuck', 'warn', 'our own rule'),
  'pg.query.age': limit(60, 's', 'a query runs for long', 'warn', 'PgHero'),
  'pg.lock-wait.age': limit(5, 's', 'a lock holds up others for too long', 'fail', 'our own rule'),
  'pg.tables.small': limit(1000, 'rows', 'sequential scans of a table are judged', 'warn', guide),
  'pg.tables.large': limit(10_000, 'rows', 'sequential scans should be rare', 'warn', 'PgHero'),
  'pg.tables.full-scan': limit(
    17,
    '% of the rows',
    'an average scan counts as one of the whole table, which three parallel processes share',
    'warn',
    guide,
  ),
  'pg.tables.seq-rows': limit(
    1e9,
    'rows',
    'sequential scans have read too much since the last reset',
    'fail',
    guide,
  ),
  'pg.tables.seq-rows-rate': limit(
    100_000,
    'rows/s',
    'sequential scans read too much; fail when they read whole tables',
    'fail',
    'our own rule: about a hundredth of a core',
  ),
  'pg.tables.seq-scans': limit(
    1000,
    'scans',
    'a large table was read as a whole too often since the last reset',
    'warn',
    'our own rule',
  ),
  'pg.tables.seq-scans-rate': limit(
    1,
    'scans/s',
    'a large table is read as a whole too often',
    'warn',
    'our own rule',
  ),
  'pg.indexes.use': limit(
    95,
    '% of the scans',
    'a large table has its index; below it, one seems to be missing',
    'warn',
    'PgHero',
  ),
  'pg.indexes.scans': limit(50, 'scans', 'an index counts as used', 'warn', 'PgHero'),
  'pg.indexes.size': limit(10e6, 'bytes', 'an index without use is worth a word', 'warn', 'PgHero'),
  'pg.statements.mean': limit(20, 'ms', 'a statement takes long on average', 'warn', 'PgHero'),
  'pg.statements.calls': limit(100, 'calls', 'a mean is judged: since the last reset', 'warn', 'PgHero'),
  'pg.statements.temp': limit(
    1e6,
    'bytes a call',
    'a statement writes temporary files, for want of work_mem',
    'warn',
    'our own rule',
  ),
  'explain.seq-scan.rows': limit(1000, 'rows', 'a sequential scan is one of a large table', 'warn', guide),
  'explain.seq-scan.dropped': limit(
    10_000,
    'rows',
    'a sequential scan that drops nearly all of its rows lacks an index',
    'fail',
    'PgHero',
  ),
  'explain.filter.kept': limit(90, '%', 'a filter keeps nearly all rows: no index helps', 'warn', guide),
  'explain.filter.removed': limit(90, '%', 'rows are read to be dropped', 'warn', 'PEV2'),
  'explain.read-share': limit(10, '%', 'blocks are not found in shared buffers', 'warn', guide),
  'explain.estimate.off': limit(100, 'times', 'the planner is wrong about rows', 'warn', 'PEV2'),
  'explain.estimate.far-off': limit(1000, 'times', 'the planner is far wrong about rows', 'fail', 'PEV2'),
  'explain.spill': limit(100e3, 'bytes', 'a node writes temporary files', 'warn', 'explain.depesz.com'),
  'explain.heap-fetches': limit(10, '%', 'an index-only scan reads the table all the same', 'warn', 'PEV2'),
  'explain.loops': limit(1000, 'times', 'a part of a plan is run again and again', 'warn', 'QuerySense'),
  'explain.index.rows': limit(500, 'rows', 'a table is large enough for an index', 'warn', 'PgHero'),
  'explain.index.gain': limit(
    10,
    '%',
    'a cost that an index takes off is worth the index',
    'warn',
    'our own rule',
  ),
  'explain.jit': limit(10, '%', 'compiling takes a large share of the time', 'warn', 'our own rule'),
  'explain.planning': limit(
    10,
    'ms',
    'planning that takes longer than running is worth saving',
    'warn',
    'our own rule',
  ),
  'redis.hit-rate': limit(90, '%', 'below it, and with many misses, a cache is cold', 'fail', guide),
  'redis.misses': limit(50, '/s', 'a low hit rate costs something', 'fail', 'our own rule'),
  'redis.collection-reads': limit(
    10,
    '%',
    'SMEMBERS or HGETALL take much of the time',
    'warn',
    'our own rule',
  ),
  'redis.core': limit(80, '%', 'the one thread of Redis has little left', 'fail', 'our own rule'),
  'redis.memory-used': limit(90, '%', 'maxmemory is nearly reached', 'warn', 'our own rule'),
  'redis.fragmentation': limit(1.5, '', 'the process holds more than its data needs', 'warn', 'our own rule'),
  'redis.slow-command': limit(100, 'ms', 'a command makes all others wait', 'warn', 'our own rule'),
  'redis.keys-without-expiry': limit(1000, 'keys', 'keys of a pattern pile up', 'warn', 'our own rule'),
  'redis.key-size': limit(1e6, 'bytes', 'a key is too large to be handled at once', 'warn', 'our own rule'),
  'stats.gateway.cpu': limit(400, '%', 'a gateway uses too much CPU', 'fail', guide),
  'stats.gateway.memory': limit(4e9, 'bytes', 'a gateway uses too much memory', 'fail', guide),
  'stats.postgres.cpu': limit(150, '%', 'PostgreSQL uses too much CPU', 'fail', guide),
  'stats.postgres.memory': limit(1e9, 'bytes', 'PostgreSQL uses too much memory', 'fail', guide),
  'stats.redis.cpu': limit(20, '%', 'Redis uses too much CPU', 'fail', guide),
  'stats.redis.memory': limit(100e6, 'bytes', 'Redis uses too much memory', 'fail', guide),
  'stats.throttled': limit(10, '% of periods', 'a CPU limit stops it, not its code', 'fail', 'our own rule'),
  'stats.throttled.periods': limit(
    5,
    'periods',
    'a share of periods is judged: fewer are one unlucky moment',
    'warn',
    'our own rule',
  ),
  'stats.memory-of-limit': limit(90, '%', 'a container is about to be killed', 'warn', 'our own rule'),
  'stats.machine.steal': limit(10, '%', 'other virtual machines take the CPU', 'warn', 'our own rule'),
  'stats.machine.cpu-wait': limit(50, '% of the time', 'programs wait for a CPU', 'warn', 'our own rule'),
  'nginx.server-errors': limit(1, '%', 'too many answers are 5xx', 'fail', 'our own rule'),
  'nginx.own-time': limit(
    50,
    '%',
    'requests spend their time in nginx or on the way',
    'warn',
    'our own rule',
  ),
  'nginx.imbalance': limit(1.5, 'times', 'requests are spread unevenly', 'warn', 'our own rule'),
} as const satisfies Record<string, LimitSpec>;

export type LimitName = keyof typeof limitTable;
/** The value of each limit, as the user changed them. */
export type Limits = Record<LimitName, number>;

const limitNames = Object.keys(limitTable).filter(isLimitName);

/** The limits with `changed` ones. Throws GaugewayError usage for a name that is none. */
export function limitsWith(changed: Readonly<Record<string, number>>): Limits {
  for (const name of Object.keys(changed)) {
    if (!isLimitName(name)) {
      throw new GaugewayError('usage', `no limit '${name}': there are ${limitNames.join(', ')}`);
    }
  }
  const limits: Record<string, number> = {};
  for (const name of limitNames) limits[name] = changed[name] ?? limitTable[name].value;
  return asLimits(limits);
}

function asLimits(values: Record<string, number>): Limits {
  if (!hasAllLimits(values)) throw new GaugewayError('internal', 'a limit has no value');
  return values;
}

function hasAllLimits(values: Record<string, number>): values is Limits {
  return limitNames.every((name) => name in values);
}

function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(limitTable, name);
}

function limit(
  value: number,
  unit: string,
  meaning: string,
  verdict: LimitSpec['verdict'],
  source: string,
): LimitSpec {
  return { value, unit, meaning, verdict, source };
}
