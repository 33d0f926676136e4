import { nowMs } from '../shared/clock.ts';
import { formatDurationMs } from '../shared/duration.ts';
import type { RunProgress } from '../lab/progress-meter.ts';
import { oneLine } from '../shared/one-line.ts';

/** Milliseconds between two lines where nothing can be redrawn (a pipe, a CI log). */
const lineEveryMs = 5000;

/**
 * Shows how a run goes, on stderr so that stdout stays for the result: one line per phase that is redrawn
 * in place on a terminal, and a line every five seconds otherwise.
 */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #phase = '';
  #drawn = false;
  #lastLineMs = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** A line that stays, e.g. what is being started. It may hold what a target says of itself. */
  note(text: string): void {
    this.end();
    this.#stream.write(`${oneLine(text)}\n`);
  }

  show(progress: RunProgress): void {
    const text = describeProgress(progress);
    if (this.#stream.isTTY) {
      if (progress.phase !== this.#phase) this.end();
      const width = Math.max(20, (this.#stream.columns ?? 80) - 1);
      this.#stream.write(`\r\u001b[2K${text.slice(0, width)}`);
      this.#drawn = true;
    } else if (progress.phase !== this.#phase || nowMs() - this.#lastLineMs >= lineEveryMs) {
      this.#stream.write(`${text}\n`);
      this.#lastLineMs = nowMs();
    }
    this.#phase = progress.phase;
  }

  /** Leaves the last drawn line standing. */
  end(): void {
    if (this.#drawn) this.#stream.write('\n');
    this.#drawn = false;
  }
}

/** One line of at most 79 columns. */
function describeProgress(progress: RunProgress): string {
  const { phase, remainingMs, users, rps, p95Ms, failures } = progress;
  const left =
    remainingMs === undefined
      ? ''
      : `${remainingMs <= 0 ? '0s' : formatDurationMs(Math.ceil(remainingMs / 1000) * 1000)} left`;
  const p95 = p95Ms === null ? '-' : `${p95Ms < 10 ? p95Ms.toFixed(1) : p95Ms.toFixed(0)} ms`;
  return [
    phase.padEnd(9),
    left.padStart(10),
    `${String(users).padStart(5)} users`,
    `${rps.toFixed(0).padStart(6)} req/s`,
    `p95 ${p95}`.padEnd(12),
    `${failures} errors`,
  ].join('  ');
}
