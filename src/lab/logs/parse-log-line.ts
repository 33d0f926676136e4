import { stripVTControlCharacters } from 'node:util';
import type { LogLevel } from '../timeline/samples/log-sample.ts';
import { guessLevel, levelOfField, readLeadingLevel } from './log-level.ts';
import type { LogEntry } from './log-entry.ts';
import { readLeadingTime, timeOfField } from './log-time.ts';

/** A line by itself. `isHead` says that it begins an entry for sure: it is JSON, or has a time or a level of its own. */
export interface ParsedLine extends LogEntry {
  isHead: boolean;
  /** Whether the level was written there, and not guessed of the words. */
  hasLevel: boolean;
}

/** Reads one line: JSON by the names that loggers use, text by how they begin their lines. */
export function parseLogLine(line: string): ParsedLine {
  const trimmed = line.trimStart();
  if (trimmed.startsWith('{') && trimmed.trimEnd().endsWith('}')) {
    const record = parseRecord(trimmed);
    if (record !== undefined) return ofRecord(record, line);
  }
  return ofText(stripVTControlCharacters(line));
}

/** The name of an error in a text: the facts of Python, Java and JavaScript name their classes so. */
export function errorTypeIn(text: string): string | null {
  return /(?<![A-Za-z])[A-Z]\w+(?:Error|Exception|Timeout)\b/.exec(text)?.[0] ?? null;
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function ofText(line: string): ParsedLine {
  const time = readLeadingTime(line);
  const text = time?.rest ?? line;
  const named = /^\s/.test(line) ? undefined : readLeadingLevel(line, text);
  const rest = messageOfFields((named?.rest ?? text).trim());
  return {
    atMs: time?.atMs ?? null,
    level: named?.level ?? guessLevel(text),
    text: rest === '' ? line.trim() : rest,
    errorType: errorTypeIn(rest),
    stack: null,
    isHead: time !== undefined || named !== undefined,
    hasLevel: named !== undefined,
  };
}

/** The `msg="…"` of logfmt. */
function messageOfFields(text: string): string {
  const [, message] = /(?:^|\s)(?:msg|message)="((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  return message ?? text;
}

const fields = {
  level: ['level', 'levelname', 'severity', 'log.level', 'lvl', 'loglevel'],
  text: ['msg', 'message', 'event', 'text'],
  time: ['time', 'timestamp', 'ts', '@timestamp', 'asctime', 't'],
  errorType: ['type', 'name', 'class', 'exc_type', 'error_type', 'exception.type'],
  stack: ['stack', 'stacktrace', 'stack_trace', 'exc_info', 'exception', 'traceback', 'error.stack_trace'],
} as const;

function ofRecord(record: Record<string, unknown>, line: string): ParsedLine {
  const log = record['log'];
  // The file of Docker's json-file driver holds the line of the program in a field.
  if (typeof log === 'string' && 'stream' in record) {
    const inner = parseLogLine(log.replace(/\r?\n$/, ''));
    return { ...inner, atMs: inner.atMs ?? timeOfField(record['time']) };
  }
  const text = firstText(record, fields.text);
  const fault = [record['err'], record['error'], record['exc'], record['exception']].find(isRecord) ?? {};
  const stack = firstText(fault, fields.stack) ?? firstText(record, fields.stack) ?? null;
  const message =
    firstText(fault, ['message', 'msg']) ?? shortText(record['error']) ?? shortText(record['err']);
  const said = [text, text?.includes(message ?? '') ? undefined : message].filter(
    (part) => part !== undefined,
  );
  const whole = said.length === 0 ? line.trim() : said.join(': ');
  const level = levelOfRecord(record);
  return {
    atMs: firstTime(record),
    level: level ?? guessLevel(whole),
    text: whole.replaceAll(/\s*\n\s*/g, ' '),
    errorType:
      firstText(fault, fields.errorType) ??
      firstText(record, ['error_type', 'exc_type', 'exception.type']) ??
      errorTypeIn(whole) ??
      (stack === null ? null : lastErrorType(stack)),
    stack,
    isHead: true,
    hasLevel: level !== undefined,
  };
}

/** The last of a Python traceback, the first of the others; both name it at the beginning of a line. */
export function lastErrorType(stack: string): string | null {
  const lines = stack.split('\n').filter((line) => /^\S/.test(line));
  const isPython = stack.includes('Traceback (most recent call last)');
  for (const line of isPython ? lines.toReversed() : lines) {
    const type = errorTypeIn(line);
    if (type !== null) return type;
  }
  return errorTypeIn(stack);
}

function levelOfRecord(record: Record<string, unknown>): LogLevel | undefined {
  for (const name of fields.level) {
    const level = levelOfField(record[name]);
    if (level !== undefined) return level;
  }
  const nested = record['log'];
  return isRecord(nested) ? levelOfField(nested['level']) : undefined;
}

function firstTime(record: Record<string, unknown>): number | null {
  for (const name of fields.time) {
    const atMs = timeOfField(record[name]);
    if (atMs !== null) return atMs;
  }
  return null;
}

function firstText(record: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

function shortText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
