import { nowMs } from '../../../shared/clock.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import type { Look, LookDocument, LookVerdict } from '../look.ts';
import { ratePerMinute, shownRate } from './log-types.ts';
import {
  type LogsRead,
  type NamedLog,
  notesOf,
  shownTime,
  WatchedLogs,
  type WatchedLogsOptions,
} from './watched-logs.ts';

/** What one log has of the pattern. */
export interface PatternCount {
  log: string;
  count: number;
  firstSeenMs: number | null;
  lastSeenMs: number | null;
  perMinute: number | null;
}

/** `gaugeway logs count --json`. */
export interface LogCountDocument extends LookDocument {
  pattern: string;
  max: number | null;
  count: number;
  entriesRead: number;
  sources: PatternCount[];
}

/** How often something was said: the guide's `docker logs | grep -c`, by entries rather than lines. */
export class LogCountLook implements Look<{ read: LogsRead; sources: PatternCount[] }, LogCountDocument> {
  readonly needsWindow = false;
  readonly logs: WatchedLogs;
  readonly #options: { pattern: RegExp; shown: string; max: number | undefined };
  readonly #counts = new Map<string, PatternCount>();

  constructor(
    logs: readonly NamedLog[],
    options: WatchedLogsOptions & { pattern: RegExp; shown: string; max: number | undefined },
  ) {
    this.#options = options;
    for (const { name } of logs) {
      this.#counts.set(name, { log: name, count: 0, firstSeenMs: null, lastSeenMs: null, perMinute: null });
    }
    this.logs = new WatchedLogs(logs, options, (log, { text, stack, atMs }) => {
      const count = this.#counts.get(log);
      if (count === undefined || !options.pattern.test(stack === null ? text : `${text}\n${stack}`)) return;
      count.count += 1;
      if (atMs === null) return;
      count.firstSeenMs = Math.min(count.firstSeenMs ?? Infinity, atMs);
      count.lastSeenMs = Math.max(count.lastSeenMs ?? -Infinity, atMs);
    });
  }

  async read(signal: AbortSignal): Promise<{ read: LogsRead; sources: PatternCount[] }> {
    const read = await this.logs.look(signal);
    const sources = [...this.#counts.values()].map((each) => ({
      ...each,
      perMinute: ratePerMinute(each.count, read),
    }));
    return { read, sources };
  }

  judge({ read, sources }: { read: LogsRead; sources: PatternCount[] }): LogCountDocument {
    const { max, shown } = this.#options;
    const count = sources.reduce((sum, each) => sum + each.count, 0);
    const verdict: LookVerdict = max !== undefined && count > max ? 'fail' : 'ok';
    return {
      command: 'logs count',
      atMs: nowMs(),
      windowMs: null,
      verdict,
      remarks:
        verdict === 'ok' ? [] : [{ verdict, text: `${count} entries match, more than ${max} are too many` }],
      notes: notesOf(read),
      pattern: shown,
      max: max ?? null,
      count,
      entriesRead: read.entries,
      sources,
    };
  }

  tables({ sources, entriesRead, count, atMs }: LogCountDocument): LookTable[] {
    return [
      lookTable({
        title: `${count} of ${entriesRead} entries match`,
        rows: sources,
        name: { title: 'log', value: ({ log }) => log },
        columns: [
          { title: 'count', value: (row) => String(row.count), expendable: 0 },
          {
            title: 'per min',
            value: ({ perMinute }) => (perMinute === null ? '-' : shownRate(perMinute)),
            expendable: 1,
          },
          { title: 'first', value: (row) => shownTime(row.firstSeenMs, atMs), expendable: 2 },
          { title: 'last', value: (row) => shownTime(row.lastSeenMs, atMs), expendable: 2 },
        ],
      }),
    ];
  }

  close(): Promise<void> {
    return this.logs.close();
  }
}
