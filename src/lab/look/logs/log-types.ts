import { nowMs } from '../../../shared/clock.ts';
import { oneLine } from '../../../shared/one-line.ts';
import { isAtLeast } from '../../logs/log-entry.ts';
import { LogKinds, type LogKind } from '../../logs/log-kinds.ts';
import { signatureNamed } from '../../logs/known-signatures.ts';
import { signatureOfEntry } from '../../logs/entry-signature.ts';
import { wrapText } from '../../report/wrap-text.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type LookVerdict, worstVerdict } from '../look.ts';
import { signatureRemarks } from './signature-remarks.ts';
import {
  type LogsRead,
  type NamedLog,
  notesOf,
  shownTime,
  WatchedLogs,
  type WatchedLogsOptions,
} from './watched-logs.ts';

const shownTypes = 10;
const minuteMs = 60_000;
/** A rate over less is none. */
const shortestSpanMs = 1000;

/** What the entries of one error type and known signature have in common. Secrets are masked. */
export interface LogType {
  /** The signature, else the type, else what the most frequent of them say. */
  name: string;
  errorType: string | null;
  signature: string | null;
  count: number;
  /** Over the time from the first to the last entry of all logs; null where no times are told. */
  perMinute: number | null;
  firstSeenMs: number | null;
  lastSeenMs: number | null;
  logs: string[];
  example: string;
  verdict: LookVerdict;
}

interface KindsReading {
  read: LogsRead;
  kinds: { log: string; kinds: LogKind[] }[];
}

/** `gaugeway logs types --json`. */
export interface LogTypesDocument extends LookDocument {
  logs: string[];
  entriesRead: number;
  types: LogType[];
}

/** Entries of level `warn` and above, and those of a known signature, by what they are about. */
export class LogTypesLook implements Look<KindsReading, LogTypesDocument> {
  readonly needsWindow = false;
  readonly logs: WatchedLogs;
  readonly #kinds = new Map<string, LogKinds>();

  constructor(logs: readonly NamedLog[], options: WatchedLogsOptions) {
    this.logs = new WatchedLogs(logs, options, (log, entry) => {
      if (isAtLeast(entry.level, 'warn') || signatureOfEntry(entry) !== undefined) {
        kindsOf(this.#kinds, log).add(entry);
      }
    });
  }

  async read(signal: AbortSignal): Promise<KindsReading> {
    const read = await this.logs.look(signal);
    return { read, kinds: [...this.#kinds].map(([log, kinds]) => ({ log, kinds: kinds.list() })) };
  }

  judge({ read, kinds }: KindsReading): LogTypesDocument {
    const types = byType(kinds, read);
    const seen = new Map<string, number>();
    for (const { signature, count } of types) {
      if (signature !== null) seen.set(signature, (seen.get(signature) ?? 0) + count);
    }
    return {
      command: 'logs types',
      atMs: nowMs(),
      windowMs: null,
      verdict: worstVerdict(types.map(({ verdict }) => verdict)),
      remarks: signatureRemarks(seen),
      notes: notesOf(read),
      logs: this.logs.names,
      entriesRead: read.entries,
      types,
    };
  }

  tables({ types, entriesRead, atMs, logs }: LogTypesDocument): LookTable[] {
    const shown = types.slice(0, shownTypes);
    const more = types.length - shown.length;
    return [
      lookTable({
        rows: shown,
        name: { title: 'what', value: ({ name }) => name },
        columns: [
          { title: 'count', value: ({ count }) => String(count), expendable: 0 },
          {
            title: 'per min',
            value: ({ perMinute }) => (perMinute === null ? '-' : shownRate(perMinute)),
            expendable: 0,
          },
          ...(logs.length > 1
            ? [
                {
                  title: 'log',
                  value: (row: LogType) => row.logs.join(' '),
                  expendable: 3,
                  align: 'left' as const,
                },
              ]
            : []),
          { title: 'first', value: (row) => shownTime(row.firstSeenMs, atMs), expendable: 2 },
          { title: 'last', value: (row) => shownTime(row.lastSeenMs, atMs), expendable: 1 },
        ],
        verdict: ({ verdict }) => verdict,
        empty: `No warning, no error and no known signature in ${entriesRead} entries.`,
      }),
      {
        title: `One of each${more > 0 ? ` (${more} further types with --json)` : ''}`,
        render: ({ columns }) =>
          shown.flatMap(({ name, example }) => {
            const [first = '', second, third] = wrapText(`${name}: ${oneLine(example)}`, columns, '    ');
            const rest =
              second === undefined ? [] : [third === undefined ? second : `${second.slice(0, columns - 1)}…`];
            return [first, ...rest];
          }),
      },
    ];
  }

  close(): Promise<void> {
    return this.logs.close();
  }
}

/** The kinds of one log, made when they are asked for first. */
export function kindsOf(kinds: Map<string, LogKinds>, log: string): LogKinds {
  const known = kinds.get(log);
  if (known !== undefined) return known;
  const made = new LogKinds();
  kinds.set(log, made);
  return made;
}

/** Per minute, over the time that the logs cover; null where they tell no times. */
export function ratePerMinute(count: number, { firstMs, lastMs }: LogsRead): number | null {
  if (firstMs === null || lastMs === null) return null;
  return (count * minuteMs) / Math.max(shortestSpanMs, lastMs - firstMs);
}

export function shownRate(perMinute: number): string {
  if (perMinute > 0 && perMinute < 0.1) return '<0.1';
  return perMinute.toFixed(perMinute < 10 ? 1 : 0);
}

function byType(kinds: KindsReading['kinds'], read: LogsRead): LogType[] {
  const types = new Map<string, LogType>();
  for (const { log, kinds: ofLog } of kinds) {
    for (const kind of ofLog) {
      const { errorType, signature, template, level, count, firstSeenMs, lastSeenMs, example } = kind;
      const name = signature ?? errorType ?? template;
      const known = types.get(name);
      if (known === undefined) {
        const verdict = verdictOf(kind);
        types.set(name, {
          name,
          errorType,
          signature,
          count,
          perMinute: null,
          firstSeenMs,
          lastSeenMs,
          logs: [log],
          example,
          verdict,
        });
        continue;
      }
      known.count += count;
      known.firstSeenMs = least(known.firstSeenMs, firstSeenMs);
      known.lastSeenMs = most(known.lastSeenMs, lastSeenMs);
      known.verdict = worstVerdict([known.verdict, verdictOf({ signature, level })]);
      if (!known.logs.includes(log)) known.logs.push(log);
    }
  }
  return [...types.values()]
    .map((type) => ({ ...type, perMinute: ratePerMinute(type.count, read) }))
    .toSorted((a, b) => b.count - a.count);
}

/** A signature says itself how grave it is; of the others a fatal entry is a failure and an error a warning. */
function verdictOf({ signature, level }: Pick<LogKind, 'signature' | 'level'>): LookVerdict {
  const known = signature === null ? undefined : signatureNamed(signature);
  if (known !== undefined) return known.verdict;
  if (level === 'fatal') return 'fail';
  return level === 'error' ? 'warn' : 'ok';
}

function least(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function most(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
