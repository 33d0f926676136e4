import type { LogLevel } from '../timeline/samples/log-sample.ts';

/** A line as its source gives it. */
export interface LogLine {
  text: string;
  /** When the source itself noted it; null where it only holds texts. */
  atMs: number | null;
  /** Who wrote it, where a source mixes several, e.g. `stdout` and `stderr`: their lines are not folded together. */
  writer: string;
  /** What the source itself says of its weight. */
  level?: LogLevel;
}

export type OnLogLine = (line: LogLine) => void;

/** Where lines of a log come from. Methods reject with GaugewayError source_unreadable. */
export interface LogSource {
  /** Throws when it cannot be read. */
  open(signal: AbortSignal): Promise<void>;
  /** Leaves out what is there now: all that is written after it resolved is handed on. */
  skip(signal: AbortSignal): Promise<void>;
  /** Hands on what is there now, from `sinceMs` on where the source can tell; ends there. */
  readToEnd(sinceMs: number | undefined, onLine: OnLogLine, signal: AbortSignal): Promise<void>;
  /** Hands on what comes after what was read or left out, until `signal` aborts or the source ends. */
  follow(onLine: OnLogLine, signal: AbortSignal): Promise<void>;
  /** Lines that were left out because of their length. */
  readonly tooLong: number;
  /** Whether it has ended and cannot go on, as a container that is started again does. */
  readonly isOver?: boolean;
  /** How much of it was read, where that can be told. */
  progress?(): Promise<{ bytes: number; ofBytes: number } | undefined>;
  close(): Promise<void>;
}
