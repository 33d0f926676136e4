import { z } from 'zod';
import { nowMs, sleep } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { KeyPatterns } from './key-pattern.ts';
import { addKey, type KeySample, mergeKeys } from './key-sample.ts';
import { bufferText, parseInfo, parsePairs } from './read-redis.ts';
import type { RedisCommand, RedisTarget } from './redis-target.ts';

export interface ScanOptions {
  /** As `SCAN … MATCH` takes it; all keys when absent. */
  pattern?: string;
  /** Of the whole reading. */
  budgetMs: number;
  /** Keys of each pattern that are asked for their life, type and size. */
  sample: number;
}

/** The keys of one pattern; what is not of `count` is of the sampled ones. */
export interface PatternKeys {
  pattern: string;
  database: number;
  count: number;
  sampled: number;
  /** Of the sampled keys that expire, in seconds; null when there are none. */
  ttlMinS: number | null;
  ttlMedianS: number | null;
  /** Share (0..1) of the sampled keys that never expire; null when none was sampled. */
  withoutExpiry: number | null;
  meanBytes: number | null;
  maxBytes: number | null;
  types: string[];
}

export interface KeyScan {
  /** Those with the most keys. */
  patterns: PatternKeys[];
  /** Patterns that are left out of `patterns`, as they have the fewest keys. */
  otherPatterns: number;
  /** Of the patterns that are left out. */
  otherKeys: number;
  /** Of the databases that were looked at. */
  databaseKeys: number;
  /** Keys that SCAN went past, whether they matched or not. */
  visitedKeys: number;
  /** Whether it came to the end of every database within its budget. */
  complete: boolean;
  /** Answers to TTL and TYPE, which the server counts as hits, or as misses when the key is gone. */
  lookups: number;
  tookMs: number;
  notes: string[];
}

/** Keys in one call: well under a millisecond of the server's one thread. */
const keysPerCall = 500;
const keysPerPipeline = 50;
/** Work of so long is followed by a pause, so that the target has the greater part of its time for others. */
const sliceMs = 200;
const pauseMs = 100;
/** Of the budget; the rest is for sampling. */
const scanningShare = 0.8;
/** Patterns that are told and sampled. */
const mostListed = 200;

const scanAnswer = z.tuple([bufferText(), z.array(z.instanceof(Buffer))]);
const metadataAnswer = z.union([z.number(), bufferText(), z.null(), z.instanceof(GaugewayError)]);

type Group = KeySample<Buffer>;

interface Found {
  database: number;
  pattern: string;
  group: Group;
}

/**
 * Counts keys by pattern with SCAN, in slices of 200 ms with pauses between them, and asks some of each pattern for
 * TTL, type and memory. Ends with its budget, and says what it saw by then. Throws GaugewayError source_unreadable.
 */
export async function scanKeys(
  redis: RedisTarget,
  options: ScanOptions,
  signal: AbortSignal,
): Promise<KeyScan> {
  const startedMs = nowMs();
  const pace = new Pace(startedMs + options.budgetMs * scanningShare, signal);
  const sizes = await databaseSizes(redis);
  const databases = redis.database === undefined ? [...sizes.keys()] : [redis.database];
  const scan: KeyScan = {
    patterns: [],
    otherPatterns: 0,
    otherKeys: 0,
    databaseKeys: databases.reduce((sum, database) => sum + (sizes.get(database) ?? 0), 0),
    visitedKeys: 0,
    complete: true,
    lookups: 0,
    tookMs: 0,
    notes: [],
  };
  let found: Found[] = [];
  for (const database of databases) {
    const size = sizes.get(database) ?? 0;
    if (size === 0) continue;
    if (redis.database === undefined) await one(redis, ['select', database]);
    const { groups, visited, complete } = await scanDatabase(redis, options, pace, size);
    scan.visitedKeys += visited;
    scan.complete &&= complete;
    const ranked = [...found, ...groups.map(([pattern, group]) => ({ database, pattern, group }))].toSorted(
      (a, b) => b.group.count - a.group.count,
    );
    found = ranked.slice(0, mostListed);
    for (const { group } of ranked.slice(mostListed)) {
      scan.otherPatterns += 1;
      scan.otherKeys += group.count;
    }
  }
  const sampling = new Pace(startedMs + options.budgetMs, signal);
  for (const { database, pattern, group } of found) {
    if (redis.database === undefined && !sampling.over) await one(redis, ['select', database]);
    const metadata = await sampleKeys(redis, group.sample, sampling, scan);
    scan.patterns.push({ pattern, database, count: group.count, ...metadata });
  }
  return { ...scan, tookMs: nowMs() - startedMs };
}

/** Keys of each database that has any. */
async function databaseSizes(redis: RedisTarget): Promise<Map<number, number>> {
  const info = parseInfo(bufferText().parse(await one(redis, ['info', 'keyspace'])));
  return new Map(
    [...info].flatMap(([name, value]) => {
      const [, digits] = /^db(\d+)$/.exec(name) ?? [];
      return digits === undefined ? [] : [[Number(digits), parsePairs(value).get('keys') ?? 0]];
    }),
  );
}

async function scanDatabase(
  redis: RedisTarget,
  { pattern, sample }: ScanOptions,
  pace: Pace,
  size: number,
): Promise<{ groups: [string, Group][]; visited: number; complete: boolean }> {
  const patterns = new KeyPatterns<Group>(
    () => ({ count: 0, sample: [] }),
    (into, from) => mergeKeys(into, from, sample),
  );
  const match = pattern === undefined ? [] : ['match', pattern];
  let cursor = '0';
  let visited = 0;
  do {
    if (pace.over) return { groups: patterns.entries(), visited: Math.min(visited, size), complete: false };
    const [next, keys] = scanAnswer.parse(await one(redis, ['scan', cursor, ...match, 'count', keysPerCall]));
    for (const key of keys) addKey(patterns.of(key.toString('utf8')), key, sample);
    visited += pattern === undefined ? keys.length : keysPerCall;
    cursor = next;
    await pace.breathe();
  } while (cursor !== '0');
  return { groups: patterns.entries(), visited: size, complete: true };
}

type Metadata = Omit<PatternKeys, 'pattern' | 'database' | 'count'>;

async function sampleKeys(
  redis: RedisTarget,
  keys: Buffer[],
  pace: Pace,
  scan: Pick<KeyScan, 'lookups' | 'notes'>,
): Promise<Metadata> {
  const [ttls, sizes]: [number[], number[]] = [[], []];
  const types = new Set<string>();
  for (let from = 0; from < keys.length && !pace.over; from += keysPerPipeline) {
    const part = keys.slice(from, from + keysPerPipeline);
    // Memory of a collection is estimated from a few of its members: all of them would take as long as it is large.
    const answers = await redis.ask(
      ...part.flatMap((key): RedisCommand[] => [
        ['ttl', key],
        ['type', key],
        ['memory', 'usage', key],
      ]),
    );
    for (let at = 0; at < answers.length; at += 3) {
      const [ttl, type, size] = [at, at + 1, at + 2].map((each) =>
        metadataAnswer.parse(answers[each] ?? null),
      );
      for (const each of [ttl, type, size]) {
        if (each instanceof GaugewayError && !scan.notes.includes(each.message))
          scan.notes.push(each.message);
      }
      scan.lookups += [ttl, type].filter((each) => !(each instanceof GaugewayError)).length;
      // Gone since it was seen.
      if (ttl === -2 || type === 'none') continue;
      if (typeof ttl === 'number') ttls.push(ttl);
      if (typeof type === 'string') types.add(type);
      if (typeof size === 'number') sizes.push(size);
    }
    await pace.breathe();
  }
  const expiring = ttls.filter((ttl) => ttl >= 0).toSorted((a, b) => a - b);
  return {
    sampled: Math.max(ttls.length, sizes.length),
    ttlMinS: expiring[0] ?? null,
    ttlMedianS: expiring[Math.floor(expiring.length / 2)] ?? null,
    withoutExpiry: ttls.length === 0 ? null : (ttls.length - expiring.length) / ttls.length,
    meanBytes: sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    maxBytes: sizes.length === 0 ? null : Math.max(...sizes),
    types: [...types].toSorted(),
  };
}

async function one(redis: RedisTarget, command: RedisCommand): Promise<unknown> {
  const [answer] = await redis.ask(command);
  if (answer instanceof GaugewayError) throw answer;
  return answer;
}

/** Keeps work in slices, and tells when it must end. */
class Pace {
  readonly #endMs: number;
  readonly #signal: AbortSignal;
  #sliceStartMs = nowMs();

  constructor(endMs: number, signal: AbortSignal) {
    this.#endMs = endMs;
    this.#signal = signal;
  }

  get over(): boolean {
    return this.#signal.aborted || nowMs() >= this.#endMs;
  }

  async breathe(): Promise<void> {
    if (nowMs() - this.#sliceStartMs < sliceMs) return;
    await sleep(pauseMs, this.#signal);
    this.#sliceStartMs = nowMs();
  }
}
