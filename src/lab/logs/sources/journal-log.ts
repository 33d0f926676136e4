import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { LineSplitter } from '../../line-splitter.ts';
import { levelOfPriority } from '../log-level.ts';
import type { LogLine, LogSource, OnLogLine } from '../log-line.ts';
import { streamLines } from './stream-lines.ts';

const maxComplaint = 500;

/** What the journal has of one systemd unit, read by `journalctl`, which knows its files and who may read them. */
export class JournalLog implements LogSource {
  readonly #unit: string;
  #tooLong = 0;
  #cursor: string | undefined;
  /** Where to go on while the unit has written nothing. */
  #fromMs = 0;

  constructor(unit: string) {
    this.#unit = unit;
  }

  get tooLong(): number {
    return this.#tooLong;
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#run(['--lines=0'], () => undefined, signal);
  }

  async skip(signal: AbortSignal): Promise<void> {
    this.#fromMs = Date.now();
    await this.#run(['--lines=1'], () => undefined, signal);
  }

  async readToEnd(sinceMs: number | undefined, onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    this.#fromMs = Date.now();
    await this.#run(sinceMs === undefined ? [] : [sinceOption(sinceMs)], onLine, signal);
  }

  async follow(onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    const from = this.#cursor === undefined ? sinceOption(this.#fromMs) : `--after-cursor=${this.#cursor}`;
    await this.#run(['--follow', '--no-tail', from], onLine, signal);
  }

  async close(): Promise<void> {}

  async #run(args: readonly string[], onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const child = spawn(
      'journalctl',
      ['--output=json', '--all', '--no-pager', '--quiet', `--unit=${this.#unit}`, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const end = (): void => {
      child.kill();
    };
    signal.addEventListener('abort', end, { once: true });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, maxComplaint);
    });
    const lines = new LineSplitter();
    try {
      const exit = exitOf(child);
      const read = streamLines(child.stdout, lines, (text) => this.#record(text, onLine), signal);
      const [code] = await Promise.all([exit, read]);
      if (signal.aborted || code === 0) return;
      throw new Error(complaint.trim() || `journalctl ended with exit code ${code}`);
    } catch (cause) {
      throw new GaugewayError('source_unreadable', `unit ${this.#unit}: ${messageOf(cause)}`, { cause });
    } finally {
      signal.removeEventListener('abort', end);
      this.#tooLong += lines.tooLong;
      child.kill();
    }
  }

  #record(text: string, onLine: OnLogLine): void {
    const record: unknown = parsed(text);
    if (typeof record !== 'object' || record === null) return;
    const fields = new Map<string, unknown>(Object.entries(record));
    const cursor = fields.get('__CURSOR');
    if (typeof cursor === 'string') this.#cursor = cursor;
    for (const line of linesOf(fields)) onLine(line);
  }
}

function sinceOption(atMs: number): string {
  return `--since=@${(atMs / 1000).toFixed(6)}`;
}

/** The lines of a record of the journal; a program may have written several at once. */
function linesOf(fields: ReadonlyMap<string, unknown>): LogLine[] {
  const micros = Number(fields.get('__REALTIME_TIMESTAMP'));
  const level = levelOfPriority(fields.get('PRIORITY'));
  const pid = fields.get('_PID');
  return messageText(fields.get('MESSAGE'))
    .split('\n')
    .map((text) => ({
      text,
      atMs: Number.isFinite(micros) ? micros / 1000 : null,
      writer: typeof pid === 'string' ? pid : '',
      ...(level === undefined ? {} : { level }),
    }));
}

/** A text that is not UTF-8, or has colours, comes as a list of its bytes. */
function messageText(message: unknown): string {
  if (typeof message === 'string') return message;
  const isBytes = Array.isArray(message) && message.every((byte) => typeof byte === 'number');
  return isBytes ? Buffer.from(message).toString('utf8') : '';
}

/** Not its exit: what it complained of may come after that. */
async function exitOf(child: ChildProcess): Promise<number | null> {
  await once(child, 'close');
  return child.exitCode;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
