import type { LogLevel } from '../timeline/samples/log-sample.ts';
import type { LogEntry } from './log-entry.ts';
import { signatureOfEntry } from './entry-signature.ts';
import { maskLogText } from './mask-log.ts';
import { maskTemplate } from './mask-template.ts';

/** Kinds that are told apart; those that come later are counted together. */
const maxKinds = 2000;
const maxExampleLength = 500;
const otherTemplate = '(other kinds)';

/** Entries of one template, level and type. Secrets are masked. */
export interface LogKind {
  template: string;
  level: LogLevel;
  errorType: string | null;
  /** The name of the known signature that they show. */
  signature: string | null;
  count: number;
  /** Null where the log tells no times. */
  firstSeenMs: number | null;
  lastSeenMs: number | null;
  /** The first of them. */
  example: string;
}

/** Counts entries by kind within bounded memory. */
export class LogKinds {
  readonly #kinds = new Map<string, LogKind>();

  add(entry: LogEntry): LogKind {
    const signature = signatureOfEntry(entry)?.name ?? null;
    const text = maskLogText(entry.text);
    const { level } = entry;
    const errorType = entry.errorType === null ? null : maskLogText(entry.errorType).slice(0, 100);
    const kind = this.#kindOf({ template: maskTemplate(text), level, errorType, signature }, text);
    kind.count += 1;
    if (entry.atMs !== null) {
      kind.firstSeenMs = Math.min(kind.firstSeenMs ?? Infinity, entry.atMs);
      kind.lastSeenMs = Math.max(kind.lastSeenMs ?? -Infinity, entry.atMs);
    }
    return kind;
  }

  /** The most frequent first; of equals, the one that was seen first. */
  list(): LogKind[] {
    return [...this.#kinds.values()].toSorted((a, b) => b.count - a.count);
  }

  #kindOf(key: Pick<LogKind, 'template' | 'level' | 'errorType' | 'signature'>, text: string): LogKind {
    const name = [key.level, key.signature, key.errorType, key.template].join('\n');
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    if (this.#kinds.size >= maxKinds && key.template !== otherTemplate) {
      return this.#kindOf({ ...key, template: otherTemplate, errorType: null }, '');
    }
    const kind: LogKind = {
      ...key,
      count: 0,
      firstSeenMs: null,
      lastSeenMs: null,
      example: text.slice(0, maxExampleLength),
    };
    this.#kinds.set(name, kind);
    return kind;
  }
}
