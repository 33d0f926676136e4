import { nowMs } from '../../../shared/clock.ts';
import type { LogLevel } from '../../timeline/samples/log-sample.ts';
import { isAtLeast } from '../../logs/log-entry.ts';
import type { LogKind, LogKinds } from '../../logs/log-kinds.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import type { Look, LookDocument } from '../look.ts';
import { kindsOf, ratePerMinute, shownRate } from './log-types.ts';
import {
  type LogsRead,
  type NamedLog,
  notesOf,
  shownTime,
  WatchedLogs,
  type WatchedLogsOptions,
} from './watched-logs.ts';

const shownTemplates = 20;

export interface LogTemplate extends LogKind {
  log: string;
  perMinute: number | null;
}

/** `gaugeway logs templates --json`. */
export interface LogTemplatesDocument extends LookDocument {
  logs: string[];
  entriesRead: number;
  templates: LogTemplate[];
}

/** What a log says at all: its entries with everything masked that differs from one to the next of a kind. */
export class LogTemplatesLook implements Look<
  { read: LogsRead; templates: LogTemplate[] },
  LogTemplatesDocument
> {
  readonly needsWindow = false;
  readonly logs: WatchedLogs;
  readonly #kinds = new Map<string, LogKinds>();

  constructor(logs: readonly NamedLog[], options: WatchedLogsOptions & { level: LogLevel }) {
    this.logs = new WatchedLogs(logs, options, (log, entry) => {
      if (isAtLeast(entry.level, options.level)) kindsOf(this.#kinds, log).add(entry);
    });
  }

  async read(signal: AbortSignal): Promise<{ read: LogsRead; templates: LogTemplate[] }> {
    const read = await this.logs.look(signal);
    const templates = [...this.#kinds].flatMap(([log, kinds]) =>
      kinds.list().map((kind) => ({ log, ...kind, perMinute: ratePerMinute(kind.count, read) })),
    );
    return { read, templates: templates.toSorted((a, b) => b.count - a.count) };
  }

  judge({ read, templates }: { read: LogsRead; templates: LogTemplate[] }): LogTemplatesDocument {
    return {
      command: 'logs templates',
      atMs: nowMs(),
      windowMs: null,
      verdict: 'ok',
      remarks: [],
      notes: notesOf(read),
      logs: this.logs.names,
      entriesRead: read.entries,
      templates,
    };
  }

  tables({ templates, entriesRead, atMs, logs }: LogTemplatesDocument): LookTable[] {
    return [
      lookTable({
        title: `${Math.min(shownTemplates, templates.length)} of ${templates.length} templates in ${entriesRead} entries`,
        rows: templates.slice(0, shownTemplates),
        name: { title: 'template', value: ({ template }) => template },
        columns: [
          { title: 'level', value: ({ level }) => level, expendable: 0, align: 'left' },
          { title: 'count', value: ({ count }) => String(count), expendable: 0 },
          {
            title: 'per min',
            value: ({ perMinute }) => (perMinute === null ? '-' : shownRate(perMinute)),
            expendable: 1,
          },
          ...(logs.length > 1
            ? [{ title: 'log', value: (row: LogTemplate) => row.log, expendable: 2, align: 'left' as const }]
            : []),
          { title: 'last', value: (row) => shownTime(row.lastSeenMs, atMs), expendable: 3 },
        ],
        empty: 'No entries.',
      }),
    ];
  }

  close(): Promise<void> {
    return this.logs.close();
  }
}
