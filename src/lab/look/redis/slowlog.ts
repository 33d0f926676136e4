import { nowMs } from '../../../shared/clock.ts';
import { formatDurationMs } from '../../../shared/duration.ts';
import { readSlowlog, type SlowCommand, type SlowlogReading } from '../../collect/redis/read-slowlog.ts';
import type { RedisTarget } from '../../collect/redis/redis-target.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import { counted, figure } from '../../diagnose/computed/figures.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';

interface SlowRow extends SlowCommand {
  /** Before the reading; null when the server's clock may not be read. */
  agoMs: number | null;
  verdict: LookVerdict;
}

/** All entries of one masked command. */
interface SlowGroup {
  command: string;
  count: number;
  maxMs: number;
  totalMs: number;
  lastAgoMs: number | null;
  verdict: LookVerdict;
}

/** `gaugeway redis slowlog --json`. */
export interface SlowlogDocument extends LookDocument {
  /** From which time on a command is logged; null when that may not be asked. */
  thresholdMs: number | null;
  /** By masked command, the one with the most time first. */
  groups: SlowGroup[];
  entries: SlowRow[];
}

const shownGroups = 15;
const shownEntries = 8;

/** The commands that made all others wait, the newest first. */
export class SlowlogLook implements Look<SlowlogReading, SlowlogDocument> {
  readonly needsWindow = false;
  readonly #shared: SharedConnection<RedisTarget>;

  constructor(shared: SharedConnection<RedisTarget>) {
    this.#shared = shared;
  }

  async read(signal: AbortSignal): Promise<SlowlogReading> {
    return readSlowlog(await this.#shared.open(this, signal));
  }

  judge(
    { entries, serverMs, thresholdMs, notes }: SlowlogReading,
    _before: unknown,
    limits: Limits,
  ): SlowlogDocument {
    const limit = limits['redis.slow-command'];
    const rows = entries.map((entry): SlowRow => ({
      ...entry,
      agoMs: serverMs === null ? null : Math.max(0, serverMs - entry.atMs),
      verdict: entry.tookMs >= limit ? 'warn' : 'ok',
    }));
    const groups = groupsOf(rows);
    const slow = rows.filter(({ verdict }) => verdict !== 'ok');
    const [worst] = slow.toSorted((a, b) => b.tookMs - a.tookMs);
    const remarks: Remark[] = [];
    if (worst !== undefined) {
      remarks.push({
        verdict: 'warn',
        text: `${counted(slow.length, 'command')} took ${figure(limit)} ms or more, up to ${figure(worst.tookMs)} ms for ${worst.command}: Redis serves nobody else meanwhile`,
      });
    }
    const keys = groups.filter(({ command }) => command.startsWith('KEYS '));
    if (keys.length > 0) {
      remarks.push({
        verdict: 'warn',
        text: `KEYS was called ${counted(
          sumOf(keys, ({ count }) => count),
          'time',
        )}, for up to ${figure(Math.max(...keys.map(({ maxMs }) => maxMs)))} ms: it walks over all keys`,
        advice: 'use SCAN instead',
      });
    }
    return {
      command: 'redis slowlog',
      atMs: nowMs(),
      windowMs: null,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks,
      notes,
      thresholdMs,
      groups,
      entries: rows,
    };
  }

  tables({ groups, entries, thresholdMs }: SlowlogDocument): LookTable[] {
    const threshold = thresholdMs === null ? '' : ` of ${figure(thresholdMs)} ms or more`;
    return [
      lookTable({
        rows: groups.slice(0, shownGroups),
        name: { title: 'command', value: ({ command }) => command },
        columns: [
          { title: 'entries', value: ({ count }) => figure(count), expendable: 0 },
          { title: 'max ms', value: ({ maxMs }) => figure(maxMs), expendable: 0 },
          { title: 'total ms', value: ({ totalMs }) => figure(totalMs), expendable: 1 },
          { title: 'last', value: ({ lastAgoMs }) => ago(lastAgoMs), expendable: 0 },
        ],
        verdict: ({ verdict }) => verdict,
        empty: `The slow log is empty: no command${threshold}.`,
      }),
      lookTable({
        title: 'The newest',
        rows: entries.slice(0, shownEntries),
        name: { title: 'command', value: ({ command }) => command },
        columns: [
          { title: 'ms', value: ({ tookMs }) => figure(tookMs), expendable: 0 },
          { title: 'ago', value: ({ agoMs }) => ago(agoMs), expendable: 0 },
          { title: 'client', value: ({ client }) => client, expendable: 1, align: 'left' },
        ],
      }),
    ];
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

function groupsOf(rows: readonly SlowRow[]): SlowGroup[] {
  return [...Map.groupBy(rows, ({ command }) => command)]
    .map(([command, entries]) => ({
      command,
      count: entries.length,
      maxMs: Math.max(...entries.map(({ tookMs }) => tookMs)),
      totalMs: sumOf(entries, ({ tookMs }) => tookMs),
      lastAgoMs: entries[0]?.agoMs ?? null,
      verdict: worstVerdict(entries.map(({ verdict }) => verdict)),
    }))
    .toSorted((a, b) => b.totalMs - a.totalMs);
}

function sumOf<T>(values: readonly T[], read: (value: T) => number): number {
  return values.reduce((sum, value) => sum + read(value), 0);
}

/** The log has whole seconds. */
function ago(ms: number | null): string {
  return ms === null ? '-' : ms < 1000 ? 'now' : formatDurationMs(ms);
}
