import { nowMs } from '../../../shared/clock.ts';
import { oneLine } from '../../../shared/one-line.ts';
import type { LogLevel } from '../../timeline/samples/log-sample.ts';
import { signatureOfEntry } from '../../logs/entry-signature.ts';
import { isAtLeast, type LogEntry } from '../../logs/log-entry.ts';
import { maskLogText } from '../../logs/mask-log.ts';
import { wrapText } from '../../report/wrap-text.ts';
import type { LookTable } from '../look-table.ts';
import { type Look, type LookDocument, worstVerdict } from '../look.ts';
import { signatureRemarks } from './signature-remarks.ts';
import {
  type LogsRead,
  type NamedLog,
  notesOf,
  shownTime,
  WatchedLogs,
  type WatchedLogsOptions,
} from './watched-logs.ts';

const maxKeptText = 2000;
/** Lines of one entry on a terminal. */
const mostLines = 3;

/** An entry as it is shown: secrets masked. */
export interface ShownEntry extends LogEntry {
  log: string;
  signature: string | null;
}

interface ErrorsReading {
  read: LogsRead;
  entries: ShownEntry[];
  /** All of the asked level, also those that are not shown. */
  matching: number;
  byLevel: Partial<Record<LogLevel, number>>;
  signatures: Map<string, number>;
}

/** `gaugeway logs errors --json`. */
export interface LogErrorsDocument extends LookDocument {
  logs: string[];
  entriesRead: number;
  matching: number;
  byLevel: Partial<Record<LogLevel, number>>;
  /** The last ones, in the order of their times. */
  entries: ShownEntry[];
}

/** The last entries of a level and above: the guide's `docker logs | grep -iE "error|…" | tail -30`. */
export class LogErrorsLook implements Look<ErrorsReading, LogErrorsDocument> {
  readonly needsWindow = false;
  readonly logs: WatchedLogs;
  readonly #last: number;
  #entries: { log: string; entry: LogEntry }[] = [];
  #matching = 0;
  readonly #byLevel: Partial<Record<LogLevel, number>> = {};
  readonly #signatures = new Map<string, number>();

  constructor(logs: readonly NamedLog[], options: WatchedLogsOptions & { level: LogLevel; last: number }) {
    this.#last = options.last;
    this.logs = new WatchedLogs(logs, options, (log, entry) => {
      if (isAtLeast(entry.level, options.level)) this.#add(log, entry);
    });
  }

  async read(signal: AbortSignal): Promise<ErrorsReading> {
    const read = await this.logs.look(signal);
    this.#keepLast();
    return {
      read,
      entries: this.#entries.map(({ log, entry }) => shownEntry(log, entry)),
      matching: this.#matching,
      byLevel: { ...this.#byLevel },
      signatures: new Map(this.#signatures),
    };
  }

  judge({ read, entries, matching, byLevel, signatures }: ErrorsReading): LogErrorsDocument {
    const remarks = signatureRemarks(signatures);
    const graves = (byLevel.error ?? 0) + (byLevel.fatal ?? 0);
    const verdict = worstVerdict([...remarks.map((each) => each.verdict), graves > 0 ? 'warn' : 'ok']);
    return {
      command: 'logs errors',
      atMs: nowMs(),
      windowMs: null,
      verdict,
      remarks,
      notes: notesOf(read),
      logs: this.logs.names,
      entriesRead: read.entries,
      matching,
      byLevel,
      entries,
    };
  }

  tables(document: LogErrorsDocument): LookTable[] {
    const { entries, matching, entriesRead, byLevel, atMs } = document;
    const levels = Object.entries(byLevel).map(([level, count]) => `${count} ${level}`);
    const named = this.logs.names.length > 1;
    if (matching === 0) return [{ title: '', render: () => [`None in ${entriesRead} entries.`] }];
    return [
      {
        title: `The last ${entries.length} of ${matching} (${levels.join(', ')}) in ${entriesRead} entries`,
        render: ({ columns, color }) =>
          entries.flatMap((entry) => entryLines(entry, { columns, color, atMs, named })),
      },
    ];
  }

  close(): Promise<void> {
    return this.logs.close();
  }

  #add(log: string, entry: LogEntry): void {
    this.#matching += 1;
    this.#byLevel[entry.level] = (this.#byLevel[entry.level] ?? 0) + 1;
    const signature = signatureOfEntry(entry);
    if (signature !== undefined) {
      this.#signatures.set(signature.name, (this.#signatures.get(signature.name) ?? 0) + 1);
    }
    this.#entries.push({ log, entry });
    if (this.#entries.length > 2 * this.#last + 100) this.#keepLast();
  }

  #keepLast(): void {
    this.#entries = this.#entries
      .toSorted((a, b) => (a.entry.atMs ?? 0) - (b.entry.atMs ?? 0))
      .slice(-this.#last);
  }
}

function shownEntry(log: string, entry: LogEntry): ShownEntry {
  return {
    log,
    ...entry,
    text: maskLogText(entry.text).slice(0, maxKeptText),
    stack: entry.stack === null ? null : maskLogText(entry.stack),
    signature: signatureOfEntry(entry)?.name ?? null,
  };
}

const levelColors: Partial<Record<LogLevel, string>> = { fatal: '31', error: '31', warn: '33' };

/** The first line has time and level; of a stack the line that names the error is shown, if the text does not. */
function entryLines(
  entry: ShownEntry,
  layout: { columns: number; color: boolean; atMs: number; named: boolean },
): string[] {
  const { columns, color, atMs, named } = layout;
  const head = `${shownTime(entry.atMs, atMs).padEnd(8)}  ${entry.level.padEnd(5)}  `;
  const reason = entry.errorType !== null && !entry.text.includes(entry.errorType) ? reasonIn(entry) : '';
  const text = oneLine(`${named ? `${entry.log}: ` : ''}${entry.text}${reason}`);
  const indent = ' '.repeat(head.length);
  const wrapped = wrapText(text, Math.max(20, columns - head.length));
  const lines =
    wrapped.length > mostLines
      ? [...wrapped.slice(0, mostLines - 1), `${wrapped[mostLines - 1]?.slice(0, -1)}…`]
      : wrapped;
  const paint = levelColors[entry.level];
  const shownHead = color && paint !== undefined ? `\u001b[${paint}m${head}\u001b[0m` : head;
  return lines.map((line, index) => `${index === 0 ? shownHead : indent}${line.trimStart()}`);
}

function reasonIn({ stack, errorType }: ShownEntry): string {
  const line = stack?.split('\n').findLast((each) => /^\S/.test(each) && each.includes(errorType ?? ''));
  return ` (${line ?? errorType})`;
}
