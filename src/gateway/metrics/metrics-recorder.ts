import { sleep } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { MetricsStore, ToolAggregate, ToolCallRecord } from '../storage/ports.ts';
import type { CallRecorder } from './call-recorder.ts';
import { PendingAggregates } from './pending-aggregates.ts';

export interface MetricsRecorderOptions {
  store: MetricsStore;
  /** Rows kept in memory, those being written included. */
  bufferSize: number;
  flushIntervalMs: number;
  logger: Logger;
}

/** Small enough that preparing one does not hold up the calls. */
const rowsPerBatch = 2000;
const maxErrorLength = 500;
const firstRetryMs = 250;
const maxRetryMs = 5000;

/**
 * Takes finished calls off the request path and writes them in batches. While the store is unavailable rows
 * stay in the buffer and the writes are tried again; when it is full, rows are dropped and counted, while the
 * aggregates still count every call. A batch whose commit was cut off may be written twice.
 */
export class MetricsRecorder implements CallRecorder {
  readonly #options: MetricsRecorderOptions;
  readonly #ended = new AbortController();
  #rows: ToolCallRecord[] = [];
  #rowsInFlight = 0;
  #pending = new PendingAggregates();
  #inFlight = new PendingAggregates();
  #loop = Promise.resolve();
  droppedRows = 0;
  writtenRows = 0;
  failedWrites = 0;

  constructor(options: MetricsRecorderOptions) {
    this.#options = options;
  }

  get bufferedRows(): number {
    return this.#rows.length + this.#rowsInFlight;
  }

  record(call: ToolCallRecord): void {
    this.#pending.add(call);
    if (this.bufferedRows >= this.#options.bufferSize) {
      this.droppedRows += 1;
      return;
    }
    this.#rows.push(
      call.errorMessage === null ? call : { ...call, errorMessage: storable(call.errorMessage) },
    );
  }

  /** Stored aggregates with what was not written yet. */
  async readAggregates(): Promise<ToolAggregate[]> {
    const unwritten = new PendingAggregates();
    for (const aggregate of await this.#options.store.readAggregates()) unwritten.merge(aggregate);
    for (const part of [this.#inFlight, this.#pending]) {
      for (const aggregate of part.toAggregates()) unwritten.merge(aggregate);
    }
    return unwritten.toAggregates();
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Writes what is left, for at most `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.#ended.abort();
    await this.#loop;
    const deadline = AbortSignal.timeout(timeoutMs);
    for (let retryMs = firstRetryMs; !(await this.#flush()); retryMs *= 2) {
      if (deadline.aborted) {
        this.#options.logger.error('calls not written to tool_metrics', { rows: this.bufferedRows });
        return;
      }
      await sleep(Math.min(retryMs, maxRetryMs), deadline);
    }
  }

  async #run(): Promise<void> {
    const { flushIntervalMs } = this.#options;
    let waitMs = flushIntervalMs;
    let retryMs = firstRetryMs;
    while (!this.#ended.signal.aborted) {
      await sleep(waitMs, this.#ended.signal);
      if (this.#ended.signal.aborted) return;
      const written = await this.#flush();
      // Spread, so that replicas do not all come back in the same moment.
      waitMs = written ? flushIntervalMs : retryMs * (0.5 + Math.random());
      retryMs = written ? firstRetryMs : Math.min(maxRetryMs, retryMs * 2);
    }
  }

  /** Whether nothing that was there at the beginning is left to write. */
  async #flush(): Promise<boolean> {
    let batches = Math.ceil(this.#rows.length / rowsPerBatch);
    do {
      if (!(await this.#writeBatch())) return false;
      batches -= 1;
    } while (batches > 0 && this.#rows.length > 0);
    return true;
  }

  async #writeBatch(): Promise<boolean> {
    const rows = this.#rows.splice(0, rowsPerBatch);
    const deltas = this.#pending;
    if (rows.length === 0 && deltas.isEmpty) return true;
    this.#rowsInFlight = rows.length;
    this.#inFlight = deltas;
    this.#pending = new PendingAggregates();
    try {
      await this.#options.store.write(rows, deltas.toAggregates());
      this.writtenRows += rows.length;
      return true;
    } catch (error) {
      this.failedWrites += 1;
      return this.#giveBack(rows, deltas, error);
    } finally {
      this.#rowsInFlight = 0;
      this.#inFlight = new PendingAggregates();
    }
  }

  /** Whether to go on: only what the store may take another time is kept, or one bad row would block all. */
  #giveBack(rows: ToolCallRecord[], deltas: PendingAggregates, error: unknown): boolean {
    const { logger } = this.#options;
    if (error instanceof GaugewayError && error.spec.retryable) {
      logger.warn('writing metrics failed, will try again', { rows: rows.length, error: messageOf(error) });
      this.#rows = rows.concat(this.#rows);
      for (const aggregate of deltas.toAggregates()) this.#pending.merge(aggregate);
      return false;
    }
    logger.error('metrics dropped', { rows: rows.length, error: messageOf(error) });
    this.droppedRows += rows.length;
    return true;
  }
}

/** PostgreSQL takes no NUL and no half of a surrogate pair in text, and a message is not a payload. */
function storable(message: string): string {
  return message.slice(0, maxErrorLength).toWellFormed().replaceAll('\0', '�');
}
