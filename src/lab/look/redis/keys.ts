import { nowMs } from '../../../shared/clock.ts';
import { formatDurationMs } from '../../../shared/duration.ts';
import type { RedisTarget } from '../../collect/redis/redis-target.ts';
import { type KeyScan, type PatternKeys, scanKeys, type ScanOptions } from '../../collect/redis/scan-keys.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import { counted, figure, percent } from '../../diagnose/computed/figures.ts';
import { formatBytes } from '../quantity.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';

interface PatternRow extends PatternKeys {
  /** Of the keys that were counted, 0..1. */
  share: number;
  /** Estimated from the sampled keys. */
  bytes: number | null;
  verdict: LookVerdict;
}

/** `gaugeway redis keys --json`. */
export interface KeysDocument extends LookDocument, Omit<KeyScan, 'patterns' | 'notes'> {
  matchedKeys: number;
  patterns: PatternRow[];
}

/** What a Redis holds: keys by pattern, how long they live, what they are and how much they take. */
export class KeysLook implements Look<KeyScan, KeysDocument> {
  readonly needsWindow = false;
  readonly #shared: SharedConnection<RedisTarget>;
  readonly #options: ScanOptions;

  constructor(shared: SharedConnection<RedisTarget>, options: ScanOptions) {
    this.#shared = shared;
    this.#options = options;
  }

  async read(signal: AbortSignal): Promise<KeyScan> {
    return scanKeys(await this.#shared.open(this, signal), this.#options, signal);
  }

  judge(scan: KeyScan, _before: unknown, limits: Limits): KeysDocument {
    const { patterns, notes, ...rest } = scan;
    const matchedKeys = patterns.reduce((sum, { count }) => sum + count, 0) + scan.otherKeys;
    const judged = patterns.map((each) => judgePattern(each, matchedKeys, limits));
    const remarks = judged.flatMap((each) => each.remarks);
    return {
      command: 'redis keys',
      atMs: nowMs(),
      windowMs: null,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks,
      notes: [...notes, ...this.#notesOf(scan)],
      ...rest,
      matchedKeys,
      patterns: judged.map(({ row }) => row),
    };
  }

  #notesOf(scan: KeyScan): string[] {
    return [
      ...(scan.complete
        ? []
        : [
            `the rest of the keys: the budget of ${formatDurationMs(this.#options.budgetMs)} ended after about ${percent(visitedShare(scan))} of ${figure(scan.databaseKeys)} keys (--budget)`,
          ]),
      ...(scan.otherPatterns === 0
        ? []
        : [`${counted(scan.otherPatterns, 'more pattern')} with ${counted(scan.otherKeys, 'key')}`]),
    ];
  }

  tables({ patterns, ...scan }: KeysDocument): LookTable[] {
    const shown = patterns.slice(0, 30);
    return [
      lookTable({
        title: `${figure(scan.matchedKeys)} keys, ${percent(visitedShare(scan))} of ${figure(scan.databaseKeys)} looked at in ${formatDurationMs(scan.tookMs)}`,
        rows: shown,
        name: {
          title: 'pattern',
          value: ({ pattern, database }) => (database === 0 ? pattern : `${pattern} (db ${database})`),
        },
        columns: [
          { title: 'keys', value: ({ count }) => figure(count), expendable: 0 },
          { title: 'share', value: ({ share }) => percent(share), expendable: 3 },
          { title: 'TTL min', value: ({ ttlMinS }) => life(ttlMinS), expendable: 2 },
          { title: 'median', value: ({ ttlMedianS }) => life(ttlMedianS), expendable: 0 },
          { title: 'none', value: ({ withoutExpiry }) => orDash(withoutExpiry, percent), expendable: 0 },
          { title: 'bytes', value: ({ bytes }) => orDash(bytes, formatBytes), expendable: 0 },
          { title: 'each', value: ({ meanBytes }) => orDash(meanBytes, formatBytes), expendable: 4 },
          { title: 'type', value: ({ types }) => types.join('/'), expendable: 1, align: 'left' },
        ],
        verdict: ({ verdict }) => verdict,
        empty: 'No such key.',
      }),
      ...(patterns.length > shown.length
        ? [line(`… and ${patterns.length - shown.length} more patterns (--json has them)`)]
        : []),
      ...(scan.lookups > 0
        ? [
            line(
              `Its ${counted(scan.lookups, 'lookup')} (TTL, TYPE) count in the hit rate of the server (--sample).`,
            ),
          ]
        : []),
    ];
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

function line(text: string): LookTable {
  return { title: '', render: () => [text] };
}

function visitedShare({ visitedKeys, databaseKeys }: Pick<KeyScan, 'visitedKeys' | 'databaseKeys'>): number {
  return databaseKeys === 0 ? 1 : visitedKeys / databaseKeys;
}

function judgePattern(
  keys: PatternKeys,
  all: number,
  limits: Limits,
): { row: PatternRow; remarks: Remark[] } {
  const remarks: Remark[] = [];
  const eternal = Math.round(keys.count * (keys.withoutExpiry ?? 0));
  if (eternal >= limits['redis.keys-without-expiry']) {
    remarks.push({
      verdict: 'warn',
      text: `${keys.pattern}: about ${figure(eternal)} keys never expire (limit ${figure(limits['redis.keys-without-expiry'])}), so their number only grows`,
      advice: 'give cached values a TTL',
    });
  }
  if ((keys.maxBytes ?? 0) >= limits['redis.key-size']) {
    remarks.push({
      verdict: 'warn',
      text: `${keys.pattern}: a key takes ${formatBytes(keys.maxBytes ?? 0)} (limit ${formatBytes(limits['redis.key-size'])}); reading or deleting it makes all others wait`,
    });
  }
  return {
    row: {
      ...keys,
      share: all === 0 ? 0 : keys.count / all,
      bytes: keys.meanBytes === null ? null : keys.meanBytes * keys.count,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
    },
    remarks,
  };
}

function life(seconds: number | null): string {
  return seconds === null ? '-' : formatDurationMs(Math.max(1, seconds) * 1000);
}

function orDash(value: number | null, format: (known: number) => string): string {
  return value === null ? '-' : format(value);
}
