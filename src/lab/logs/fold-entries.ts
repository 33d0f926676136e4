import type { LogEntry } from './log-entry.ts';
import type { LogLine } from './log-line.ts';
import { readLeadingTime } from './log-time.ts';
import { lastErrorType, parseLogLine, type ParsedLine } from './parse-log-line.ts';

/** What one entry keeps of its stack. */
const maxStackLines = 100;
const maxStackLength = 16 * 1024;
/** What one entry keeps of its first line. */
const maxTextLength = 4096;

const traceback = 'Traceback (most recent call last):';
/** Lines that go on with what a program said, whatever came before. */
const continuation =
  /^(?:\s+\S|Caused by: |\.\.\. \d+ more|goroutine \d+ |created by |exit status \d|During handling of the above|The above exception was|[\w./*()-]+\(.*\)$|[)\]}]+;?,?$)/;
const namedError = /^[\w.$]{0,200}(?:Error|Exception|Timeout)\b(?: \[\w+\])?:/;
/** PostgreSQL tells the particulars of an error in lines of their own, each with its time. */
const postgresParticulars = /^(?:\S+\s+){0,3}(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION):\s/;

/** Puts the lines of one writer together to entries: stacks of Python, Java, Node and Go belong to what they explain. */
export class EntryFolder {
  readonly #onEntry: (entry: LogEntry) => void;
  #open: ParsedLine | undefined;
  #stack: string[] = [];
  #stackLength = 0;
  #inTraceback = false;
  #lines = 0;
  #linesAtSettling = 0;

  constructor(onEntry: (entry: LogEntry) => void) {
    this.#onEntry = onEntry;
  }

  add({ text: line, atMs, level }: LogLine): void {
    this.#lines += 1;
    if (line.trim() === '') return;
    const parsed = parseLogLine(line);
    if (this.#open !== undefined && this.#continues(line, parsed)) return this.#keep(line);
    this.end();
    this.#inTraceback = line.startsWith(traceback);
    this.#open = {
      ...parsed,
      atMs: parsed.atMs ?? atMs,
      level: parsed.hasLevel || level === undefined ? parsed.level : level,
      text: parsed.text.slice(0, maxTextLength),
    };
  }

  /** Ends the open entry if no line has come since this was called last: the rest of a stack may be on its way. */
  settle(): void {
    if (this.#lines === this.#linesAtSettling) this.end();
    this.#linesAtSettling = this.#lines;
  }

  /** Hands on the entry that is still open. */
  end(): void {
    const entry = this.#open;
    if (entry === undefined) return;
    this.#open = undefined;
    const folded = this.#stack.length === 0 ? null : this.#stack.join('\n');
    this.#stack = [];
    this.#stackLength = 0;
    this.#inTraceback = false;
    const stack = folded ?? entry.stack;
    this.#onEntry({
      atMs: entry.atMs,
      level: entry.level,
      text: entry.text === traceback ? (lastLine(stack) ?? entry.text) : entry.text,
      errorType: entry.errorType ?? (folded === null ? null : lastErrorType(`${entry.text}\n${folded}`)),
      stack,
    });
  }

  #continues(line: string, parsed: ParsedLine): boolean {
    if (line.startsWith(traceback)) return this.#startsTraceback();
    if (parsed.isHead && !/^\s/.test(line)) {
      // `sqlalchemy.exc.OperationalError: …` ends a traceback, although it may look like a line of its own.
      if (!this.#inTraceback || parsed.atMs !== null) {
        return postgresParticulars.test(readLeadingTime(line)?.rest ?? line);
      }
    }
    if (!this.#inTraceback) return continuation.test(line) || this.#isNamedError(line);
    if (continuation.test(line)) return true;
    this.#inTraceback = false;
    return true;
  }

  /** Where entries have times, an error without one is what the entry before it tells of. */
  #isNamedError(line: string): boolean {
    const open = this.#open;
    return open !== undefined && open.atMs !== null && open.isHead && open.hasLevel && namedError.test(line);
  }

  /** A traceback explains an error that was just told, or follows another one; else it stands by itself. */
  #startsTraceback(): boolean {
    const open = this.#open;
    const last = this.#stack.at(-1);
    const goesOn = last !== undefined && /^(?:During handling|The above exception)/.test(last);
    const explains =
      last === undefined && open !== undefined && ['fatal', 'error', 'warn'].includes(open.level);
    this.#inTraceback = goesOn || explains;
    return this.#inTraceback;
  }

  #keep(line: string): void {
    if (this.#stack.length >= maxStackLines || this.#stackLength + line.length > maxStackLength) {
      // The last line of a traceback is the one that counts.
      this.#stack.pop();
    }
    const kept = line.slice(0, maxTextLength);
    this.#stack.push(kept);
    this.#stackLength += kept.length;
  }
}

function lastLine(stack: string | null): string | undefined {
  return stack?.split('\n').findLast((line) => /^\S/.test(line));
}
