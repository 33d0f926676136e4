import { describe, expect, test, vi } from 'vitest';
import { GaugewayError } from '../../shared/errors.ts';
import { createLogger } from '../../shared/logger.ts';
import type { MetricsStore, ToolAggregate, ToolCallRecord } from '../storage/ports.ts';
import { MetricsRecorder } from './metrics-recorder.ts';

/** A store in memory whose failures the test decides. */
class SwitchableStore implements MetricsStore {
  failure: Error | undefined;
  readonly rows: ToolCallRecord[] = [];
  readonly deltas: ToolAggregate[] = [];

  write(rows: ToolCallRecord[], deltas: ToolAggregate[]): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.rows.push(...rows);
    this.deltas.push(...deltas);
    return Promise.resolve();
  }

  readAggregates(): Promise<ToolAggregate[]> {
    return Promise.resolve(structuredClone(this.deltas));
  }
}

function setUp(bufferSize = 10_000) {
  const store = new SwitchableStore();
  const logger = createLogger('silent');
  const recorder = new MetricsRecorder({ store, bufferSize, flushIntervalMs: 10, logger });
  const call = (timestampMs: number, over: Partial<ToolCallRecord> = {}): void =>
    recorder.record({
      toolId: 'a',
      timestampMs,
      responseTime: 0.01,
      isSuccess: true,
      errorMessage: null,
      ...over,
    });
  const calls = (): number => store.deltas.reduce((sum, delta) => sum + delta.calls, 0);
  return { store, recorder, call, calls };
}

describe('MetricsRecorder', () => {
  test('writes every call once, in order, with its aggregate', async () => {
    const { store, recorder, call, calls } = setUp();
    recorder.start();
    for (let index = 0; index < 5000; index += 1) call(index, { isSuccess: index % 10 !== 0 });
    await recorder.stop(1000);
    expect(store.rows.map((row) => row.timestampMs)).toEqual(
      Array.from({ length: 5000 }, (_, index) => index),
    );
    expect(calls()).toBe(5000);
    expect(store.deltas.reduce((sum, delta) => sum + delta.failures, 0)).toBe(500);
    expect(recorder).toMatchObject({ bufferedRows: 0, droppedRows: 0, writtenRows: 5000, failedWrites: 0 });
  });

  test('while the store is away nothing that fits the buffer is lost', async () => {
    const { store, recorder, call, calls } = setUp();
    store.failure = new GaugewayError('unavailable', 'PostgreSQL does not answer');
    recorder.start();
    for (let index = 0; index < 3000; index += 1) call(index);
    await vi.waitFor(() => expect(recorder.failedWrites).toBeGreaterThan(1), { timeout: 10_000 });
    for (let index = 3000; index < 6000; index += 1) call(index);
    expect(recorder.bufferedRows).toBe(6000);
    store.failure = undefined;
    await vi.waitFor(() => expect(recorder.bufferedRows).toBe(0), { timeout: 10_000 });
    await recorder.stop(1000);
    expect(store.rows.map((row) => row.timestampMs)).toEqual(
      Array.from({ length: 6000 }, (_, index) => index),
    );
    expect(calls()).toBe(6000);
  });

  test('beyond the buffer rows are dropped and counted, and the aggregates still know every call', async () => {
    const { store, recorder, call, calls } = setUp(100);
    for (let index = 0; index < 150; index += 1) call(index);
    expect(recorder).toMatchObject({ bufferedRows: 100, droppedRows: 50 });
    await recorder.stop(1000);
    expect(store.rows).toHaveLength(100);
    expect(calls()).toBe(150);
  });

  test('a batch that the store will never take is dropped with a count and does not block the next one', async () => {
    const { store, recorder, call } = setUp();
    store.failure = new Error('this batch is broken');
    recorder.start();
    call(1);
    await vi.waitFor(() => expect(recorder.droppedRows).toBe(1), { timeout: 10_000 });
    store.failure = undefined;
    call(2);
    await recorder.stop(1000);
    expect(store.rows.map((row) => row.timestampMs)).toEqual([2]);
  });

  test('stopping gives up on its bound', async () => {
    const { store, recorder, call } = setUp();
    store.failure = new GaugewayError('unavailable', 'away');
    call(1);
    await recorder.stop(20);
    expect(recorder.bufferedRows).toBe(1);
  });

  test('reads what is stored together with what is not written yet', async () => {
    const { recorder, call } = setUp();
    call(1);
    await recorder.stop(1000);
    call(7, { responseTime: 0.5 });
    call(8, { toolId: 'b' });
    const [a, b] = await recorder.readAggregates();
    expect(a).toMatchObject({ toolId: 'a', calls: 2, lastCallMs: 7 });
    expect(a?.latency).toMatchObject({ count: 2, minUs: 10_000, maxUs: 500_000 });
    expect(b).toMatchObject({ toolId: 'b', calls: 1 });
  });

  test('error messages are bounded and storable', async () => {
    const { store, recorder, call } = setUp();
    call(1, { isSuccess: false, errorMessage: `broken\0${'\u{1f4a5}'.repeat(2000)}` });
    await recorder.stop(1000);
    expect(store.rows[0]?.errorMessage).toHaveLength(500);
    expect(store.rows[0]?.errorMessage).not.toContain('\0');
    expect(store.rows[0]?.errorMessage?.isWellFormed()).toBe(true);
  });
});
