import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { nowMs } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { formatBytes } from '../look/quantity.ts';
import { takeHeapSnapshot } from '../profilers/node/heap-snapshot.ts';
import { type MemoryUse, readMemory } from '../profilers/node/memory-reading.ts';
import { NodeTarget } from '../profilers/node/node-target.ts';
import { type HeapOptions, type HeapProcess, measuringPause } from './heap-target.ts';

export interface SnapshotOptions extends HeapOptions {
  path: string;
  /** Told when it begins. */
  onBegin: (memory: MemoryUse) => void;
  /** Told after each piece. */
  onBytes: (written: number) => void;
}

export interface SavedSnapshot extends HeapProcess {
  path: string;
  bytes: number;
  heapUsedBytes: number;
  /** Time that the event loop of the process stood still. */
  pauseMs: number;
  /** Until the file was whole. */
  tookMs: number;
}

/** The process is stopped meanwhile and answers nothing: it must not take the lab for dead. */
const abandonedAfterMs = 10 * 60_000;

/**
 * Writes a heap snapshot of a running process, which stops it for seconds. The file has its name only when it is
 * whole, and only its owner reads it: it holds all strings of the process. Throws GaugewayError usage without
 * `pauseOk`, with what it would cost.
 */
export async function saveSnapshot(process: HeapProcess, options: SnapshotOptions): Promise<SavedSnapshot> {
  const target = await NodeTarget.attach(process.pid, { ...options, abandonedAfterMs });
  try {
    const memory = await readMemory(target.main);
    if (!options.pauseOk) throw refusal(process.pid, memory);
    options.onBegin(memory);
    const beganMs = nowMs();
    const { result, pauseMs } = await measuringPause(target, () => write(target, options));
    const { heapUsedBytes } = memory;
    return {
      ...process,
      path: options.path,
      bytes: result,
      heapUsedBytes,
      pauseMs,
      tookMs: nowMs() - beganMs,
    };
  } finally {
    await target.close();
  }
}

/** Measured with Node 20 and 26: 10 to 50 ms for each MiB in use, and half a second for the smallest heap. */
export function snapshotEstimate(heapUsedBytes: number): string {
  const mebibytes = heapUsedBytes / 2 ** 20;
  return `${roughly(0.3 + mebibytes * 0.01)} to ${roughly(0.5 + mebibytes * 0.05)} s`;
}

function roughly(seconds: number): string {
  return seconds.toFixed(seconds < 10 ? 1 : 0);
}

function refusal(pid: number, { heapUsedBytes }: MemoryUse): GaugewayError {
  return new GaugewayError(
    'usage',
    `no snapshot was taken: it would stop process ${pid} for about ${snapshotEstimate(heapUsedBytes)} ` +
      `(${formatBytes(heapUsedBytes)} of heap in use), in which it answers nobody, and take about as much memory again. ` +
      'Add --pause-ok where that is all right; gaugeway heap growth finds most leaks without',
  );
}

/** Gives the size of the file. */
async function write(target: NodeTarget, { path, onBytes }: SnapshotOptions): Promise<number> {
  const draft = `${path}.${process.pid}.part`;
  const file = openDraft(draft);
  let bytes = 0;
  try {
    try {
      await takeHeapSnapshot(target.main, (chunk) => {
        bytes += writeWhole(file, chunk);
        onBytes(bytes);
      });
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return bytes;
}

function openDraft(draft: string): number {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (error) {
    throw new GaugewayError('usage', `the snapshot cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

function writeWhole(file: number, text: string): number {
  const buffer = Buffer.from(text);
  for (let at = 0; at < buffer.length;) at += writeSync(file, buffer, at);
  return buffer.length;
}
