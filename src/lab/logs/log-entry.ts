import type { LogLevel } from '../timeline/samples/log-sample.ts';

/** One thing that a program said: its first line and the lines that belong to it. Not masked yet. */
export interface LogEntry {
  atMs: number | null;
  level: LogLevel;
  /** What was said, without time and level where those could be told apart. */
  text: string;
  /** e.g. `OperationalError`; null when nothing is named. */
  errorType: string | null;
  /** The lines after the first, e.g. a stack trace; null without any. */
  stack: string | null;
}

/** How grave a level is, the gravest first; `unknown` counts as `info`. */
const gravest = ['fatal', 'error', 'warn', 'info', 'debug'] as const;

/** Whether `level` is at least as grave as `least`. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return rankOf(level) <= rankOf(least);
}

function rankOf(level: LogLevel): number {
  return level === 'unknown' ? gravest.indexOf('info') : gravest.indexOf(level);
}
