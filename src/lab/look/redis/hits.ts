import { nowMs } from '../../../shared/clock.ts';
import { readRedis } from '../../collect/redis/read-redis.ts';
import type { RedisTarget } from '../../collect/redis/redis-target.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import type { Timed } from '../../diagnose/artifacts.ts';
import { counted, figure, percent } from '../../diagnose/computed/figures.ts';
import { isExpensiveCommand, type RedisWork, redisWork } from '../../diagnose/computed/redis-use.ts';
import type { RedisSample } from '../../timeline/samples/redis-sample.ts';
import { formatBytes } from '../quantity.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';

interface CommandRow {
  command: string;
  callsPerS: number;
  meanUs: number;
  /** Of the time of all commands, 0..1. */
  timeShare: number;
  rejected: number;
  failed: number;
  verdict: LookVerdict;
}

/** `gaugeway redis hits --json`. What is per second, and the growths, are of the window. */
export interface HitsDocument extends LookDocument {
  version: string;
  hits: number;
  misses: number;
  /** 0..1; null when nothing was looked up. */
  hitRate: number | null;
  lifetimeHitRate: number | null;
  missesPerS: number;
  commandsPerS: number;
  expiredKeys: number;
  evictedKeys: number;
  rejectedConnections: number;
  slowCommands: number | null;
  /** Of one core. */
  cpuPercent: number;
  usedMemoryBytes: number;
  maxMemoryBytes: number | null;
  evictionPolicy: string;
  fragmentationRatio: number;
  connectedClients: number;
  blockedClients: number;
  keys: number;
  keysWithExpiry: number;
  /** Those with the most time in the window, at most 30. */
  commands: CommandRow[];
}

const listedCommands = 30;

interface Reading extends Timed<RedisSample> {
  notes: string[];
}

/** How well a cache works now, beside its whole life, and what it is asked. */
export class HitsLook implements Look<Reading, HitsDocument> {
  readonly needsWindow = true;
  readonly #shared: SharedConnection<RedisTarget>;

  constructor(shared: SharedConnection<RedisTarget>) {
    this.#shared = shared;
  }

  async read(signal: AbortSignal): Promise<Reading> {
    const { sample, notes } = await readRedis(await this.#shared.open(this, signal));
    return { atMs: nowMs(), data: sample, notes };
  }

  judge(after: Reading, before: Reading | undefined, limits: Limits): HitsDocument {
    const { data } = after;
    const work = redisWork(before === undefined ? [after] : [before, after]);
    const perS = (count: number): number => (work.seconds === 0 ? 0 : count / work.seconds);
    const remarks = [
      ...judgeHitRate(work, perS(work.misses), limits),
      ...judgeMemory(data, work, limits),
      ...judgeCommands(work, perS, limits),
    ];
    return {
      command: 'redis hits',
      atMs: after.atMs,
      windowMs: before === undefined ? null : after.atMs - before.atMs,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks,
      notes: after.notes,
      version: data.version,
      hits: work.hits,
      misses: work.misses,
      hitRate: work.hitRate,
      lifetimeHitRate: data.hits + data.misses === 0 ? null : data.hits / (data.hits + data.misses),
      missesPerS: perS(work.misses),
      commandsPerS: perS(work.commands),
      expiredKeys: work.expiredKeys,
      evictedKeys: work.evictedKeys,
      rejectedConnections: work.rejectedConnections,
      slowCommands: work.slowCommands,
      cpuPercent: perS(work.cpuMs) / 10,
      usedMemoryBytes: data.usedMemoryBytes,
      maxMemoryBytes: data.maxMemoryBytes,
      evictionPolicy: data.evictionPolicy,
      fragmentationRatio: data.fragmentationRatio,
      connectedClients: data.connectedClients,
      blockedClients: data.blockedClients,
      keys: data.keys,
      keysWithExpiry: data.keysWithExpiry,
      commands: work.byCommand.slice(0, listedCommands).map(({ calls, ...row }) => ({
        ...row,
        callsPerS: perS(calls),
        verdict: isCostly(row, limits) ? 'warn' : 'ok',
      })),
    };
  }

  tables(document: HitsDocument): LookTable[] {
    return [
      lookTable({
        rows: figuresOf(document),
        name: { title: document.version, value: ([name]) => name },
        columns: [{ title: 'now', value: ([, value]) => value, expendable: 0, align: 'left' }],
      }),
      lookTable({
        title: 'In the window, by command',
        rows: document.commands.slice(0, 15),
        name: { title: 'command', value: ({ command }) => command },
        columns: [
          { title: 'calls/s', value: ({ callsPerS }) => figure(callsPerS), expendable: 0 },
          { title: 'µs/call', value: ({ meanUs }) => figure(meanUs), expendable: 0 },
          { title: 'time', value: ({ timeShare }) => percent(timeShare), expendable: 0 },
          { title: 'failed', value: ({ failed }) => String(failed), expendable: 1 },
          { title: 'rejected', value: ({ rejected }) => String(rejected), expendable: 1 },
        ],
        verdict: ({ verdict }) => verdict,
        empty: 'No command but our own in the window.',
      }),
    ];
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

function rate(share: number | null): string {
  return share === null ? 'nothing was looked up' : percent(share);
}

function figuresOf(document: HitsDocument): [string, string][] {
  const { hits, misses, usedMemoryBytes, maxMemoryBytes, evictionPolicy, fragmentationRatio } = document;
  const memory =
    maxMemoryBytes === null
      ? `${formatBytes(usedMemoryBytes)}, no limit`
      : `${formatBytes(usedMemoryBytes)} of ${formatBytes(maxMemoryBytes)}, ${evictionPolicy}`;
  return [
    ['hit rate', `${rate(document.hitRate)} (${counted(hits, 'hit')}, ${figure(misses)} misses)`],
    ['since it began', rate(document.lifetimeHitRate)],
    ['commands', `${figure(document.commandsPerS)}/s, ${figure(document.cpuPercent)} % of a core`],
    ['keys', `${figure(document.keys)}, ${figure(document.keysWithExpiry)} of them with an expiry`],
    ['expired, evicted', `${figure(document.expiredKeys)}, ${figure(document.evictedKeys)}`],
    ['memory', `${memory}, fragmentation ${figure(fragmentationRatio)}`],
    [
      'clients',
      `${figure(document.connectedClients)}, ${figure(document.blockedClients)} blocked, ${figure(document.rejectedConnections)} refused`,
    ],
    ['slow commands', document.slowCommands === null ? 'not seen' : figure(document.slowCommands)],
  ];
}

/** EXISTS asks whether something is known, e.g. revoked: a miss may be the answer that is hoped for. */
const existsDominates = 0.5;

/** Of the lookups of the window, those that EXISTS made, 0..1: each call looks up one key at least. */
function existsShare({ hits, misses, byCommand }: RedisWork): number {
  const calls = byCommand.find(({ command }) => command === 'exists')?.calls ?? 0;
  return Math.min(1, hits + misses === 0 ? 0 : calls / (hits + misses));
}

function judgeHitRate(work: RedisWork, missesPerS: number, limits: Limits): Remark[] {
  const { hitRate, hits, misses } = work;
  const least = limits['redis.hit-rate'];
  if (hitRate === null || hitRate * 100 >= least) return [];
  const many = missesPerS > limits['redis.misses'];
  const asked = existsShare(work);
  if (asked > existsDominates) {
    return [
      {
        verdict: 'warn',
        text: `${percent(hitRate)} of ${figure(hits + misses)} lookups hit (limit ${least} %), ${figure(missesPerS)} misses/s; EXISTS makes ${percent(asked)} of the lookups, and its misses may be meant, e.g. for tokens that are not revoked`,
        advice:
          'count the round trips: an answer that is nearly always no can be kept in the process for a short time',
      },
    ];
  }
  return [
    {
      verdict: many ? 'fail' : 'warn',
      text: `${percent(hitRate)} of ${figure(hits + misses)} lookups hit (limit ${least} %), ${figure(missesPerS)} misses/s${many ? '' : `, which are few (limit ${limits['redis.misses']}/s)`}`,
      advice:
        'gaugeway redis keys shows how long keys live: a short TTL, or keys that differ each time, keep a cache cold',
    },
  ];
}

function judgeMemory(data: RedisSample, work: RedisWork, limits: Limits): Remark[] {
  const remarks: Remark[] = [];
  const { usedMemoryBytes, maxMemoryBytes, evictionPolicy, fragmentationRatio } = data;
  if (work.evictedKeys > 0) {
    remarks.push({
      verdict: 'warn',
      text: `${counted(work.evictedKeys, 'key')} evicted in the window (${evictionPolicy}): the memory does not suffice for what is cached`,
      advice: 'raise maxmemory, or store less; gaugeway redis keys shows what takes it',
    });
  }
  const usedLimit = limits['redis.memory-used'];
  if (
    maxMemoryBytes !== null &&
    usedMemoryBytes * 100 >= maxMemoryBytes * usedLimit &&
    work.evictedKeys === 0
  ) {
    const refuses = evictionPolicy === 'noeviction' ? '; then writes are refused (noeviction)' : '';
    remarks.push({
      verdict: 'warn',
      text: `${formatBytes(usedMemoryBytes)} of ${formatBytes(maxMemoryBytes)} are used (limit ${usedLimit} %)${refuses}`,
    });
  }
  if (fragmentationRatio >= limits['redis.fragmentation'] && usedMemoryBytes >= fragmentationMatters) {
    remarks.push({
      verdict: 'warn',
      text: `fragmentation ${figure(fragmentationRatio)} (limit ${limits['redis.fragmentation']}): the process holds more memory than its data needs`,
    });
  }
  if (work.rejectedConnections > 0) {
    remarks.push({
      verdict: 'fail',
      text: `${counted(work.rejectedConnections, 'connection')} refused because maxclients was reached`,
    });
  }
  return remarks;
}

/** Below this much data the allocator's own needs make any ratio. */
const fragmentationMatters = 100e6;

/** KEYS always is; what reads a collection only where it takes much of the time. */
function isCostly({ command, timeShare }: { command: string; timeShare: number }, limits: Limits): boolean {
  return (
    command === 'keys' || (isExpensiveCommand(command) && timeShare * 100 >= limits['redis.collection-reads'])
  );
}

function judgeCommands(work: RedisWork, perS: (count: number) => number, limits: Limits): Remark[] {
  const remarks = work.byCommand
    .filter((command) => isCostly(command, limits))
    .map(({ command, calls, meanUs, timeShare }): Remark => {
      const [what, advice] =
        command === 'keys'
          ? ['it walks over all keys', 'use SCAN instead']
          : ['it reads a whole collection', 'read only the fields or members that are needed'];
      return {
        verdict: 'warn',
        text: `${command.toUpperCase()} was called ${figure(perS(calls))} times/s, ${figure(meanUs)} µs each, ${percent(timeShare)} of the time: ${what}, and all others wait meanwhile`,
        advice,
      };
    });
  const cpuPercent = perS(work.cpuMs) / 10;
  if (cpuPercent >= limits['redis.core']) {
    remarks.push({
      verdict: 'fail',
      text: `Redis uses ${figure(cpuPercent)} % of a core (limit ${limits['redis.core']} %), and it has only one for commands`,
    });
  }
  if ((work.slowCommands ?? 0) > 0) {
    remarks.push({
      verdict: 'warn',
      text: `${counted(work.slowCommands ?? 0, 'command')} entered the slow log`,
      advice: 'gaugeway redis slowlog shows them',
    });
  }
  return remarks;
}
