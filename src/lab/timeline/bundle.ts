import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { nowMs } from '../../shared/clock.ts';
import { hasErrorCode } from '../../shared/system-error.ts';
import type { CollectorSink } from '../collect/collector.ts';
import { NotApplicableError } from '../collect/not-applicable.ts';
import { runDocumentSchema, type RunDocument } from '../run-document.ts';
import type { PhaseName, SampleEvent, SeriesEvent } from './events.ts';
import { toCpuProfile } from '../profile/to-cpuprofile.ts';
import { toMaskedJson } from './mask-json.ts';
import type { LogDocument } from './samples/log-sample.ts';
import { isSeriesEvent } from './parse-series.ts';
import type { SampleTypes, SourceName } from './samples.ts';
import { writeAtomically } from './write-atomically.ts';

export const seriesFile = 'series.ndjson';
export const documentFile = 'run.json';
/** What the logs said, by kind. */
export const logsFile = 'logs.json';
/** What a kill may cost at most; written data survives the process in the page cache. */
const flushEveryMs = 500;

/** The run bundle while it is being written: where every collector, the load and the session put what they see. */
export interface Bundle extends CollectorSink {
  readonly folder: string;
  /** Adds an event that carries its own time (load samples come from another process). */
  append(event: SeriesEvent): void;
  settings(settings: RunDocument['settings']): void;
  /** Now, or at `atMs` where that was noticed only now. */
  phase(name: PhaseName, edge: 'start' | 'end', atMs?: number): void;
  /** Resolves when everything appended so far is on disk; rejects when the disk refused it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** As much as a trace context carries. */
const longestRunId = 128;

/**
 * What a run is called in its result document and in the requests of its load, e.g. `2026-03-01T10-00-00-042Z-healthy`. The
 * {@link bundleFolder} of the same moment has the same time to the second.
 */
export function runIdOf(name: string, startedAtMs: number): string {
  const time = new Date(startedAtMs).toISOString().replaceAll(/[:.]/g, '-');
  return `${time}-${name}`.slice(0, longestRunId).toWellFormed();
}

/** `<parent>/<time>-<name>`, e.g. `runs/2026-03-01T10-00-00-healthy`. */
export function bundleFolder(name: string, startedAtMs: number, parent = 'runs'): string {
  const time = new Date(startedAtMs).toISOString().slice(0, 19).replaceAll(':', '-');
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return join(parent, slug === '' ? time : `${time}-${slug}`);
}

/**
 * Starts a bundle in `folder`, which is created. Throws GaugewayError usage when the folder cannot be written, or
 * already holds a run: a bundle is evidence and is never overwritten.
 */
export async function createBundle(
  folder: string,
  onEvent: (event: SeriesEvent) => void = () => {},
): Promise<Bundle> {
  const file = join(folder, seriesFile);
  try {
    await mkdir(join(folder, 'profiles'), { recursive: true });
    await mkdir(join(folder, 'plans'), { recursive: true });
    return new FolderBundle(folder, await open(file, 'wx'), onEvent);
  } catch (cause) {
    const taken = cause instanceof Error && 'path' in cause && cause.path === file;
    const why =
      taken && hasErrorCode(cause, 'EEXIST')
        ? `${folder} already holds a run`
        : `the run cannot be written to ${folder} (${messageOf(cause)})`;
    throw new GaugewayError('usage', `${why}; choose another folder`, { cause });
  }
}

class FolderBundle implements Bundle {
  readonly folder: string;
  readonly #series: FileHandle;
  readonly #onEvent: (event: SeriesEvent) => void;
  /** How many profiles there are of each process. */
  readonly #profiles = new Map<number, number>();
  readonly #logs: LogDocument[] = [];
  #logsWritten: Promise<void> = Promise.resolve();
  readonly #timer: NodeJS.Timeout;
  #pending: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #writeError: { cause: unknown } | undefined;
  #closed = false;

  constructor(folder: string, series: FileHandle, onEvent: (event: SeriesEvent) => void) {
    this.folder = folder;
    this.#series = series;
    this.#onEvent = onEvent;
    this.#timer = setInterval(() => this.#write(), flushEveryMs);
    this.#timer.unref();
  }

  append(event: SeriesEvent): void {
    this.#add(event);
  }

  settings(settings: RunDocument['settings']): void {
    this.append({ kind: 'settings', atMs: nowMs(), settings });
  }

  phase(name: PhaseName, edge: 'start' | 'end', atMs = nowMs()): void {
    this.append({ kind: 'phase', atMs, phase: name, edge });
  }

  sample<S extends SourceName>(source: S, target: string, costMs: number, data: SampleTypes[S]): void {
    const event: SampleEvent<S> = { kind: 'sample', atMs: nowMs(), source, target, costMs, data };
    this.#add(event);
  }

  readonly gap: CollectorSink['gap'] = (source, target, error) => {
    const notApplicable = error instanceof NotApplicableError ? { notApplicable: true as const } : {};
    this.append({ kind: 'gap', atMs: nowMs(), source, target, error: messageOf(error), ...notApplicable });
  };

  readonly clock: CollectorSink['clock'] = (source, target, offsetMs, errorMs) => {
    this.append({ kind: 'clock', atMs: nowMs(), source, target, offsetMs, errorMs });
  };

  readonly profile: CollectorSink['profile'] = async (target, of, profile) => {
    const { pid, thread } = of;
    const index = (this.#profiles.get(pid) ?? 0) + 1;
    this.#profiles.set(pid, index);
    const process = target.includes(String(pid)) ? target : `${target} ${pid}`;
    const part = thread === undefined || thread === 'main' ? process : `${process} ${thread}`;
    const name = `${fileSafe(part)}-${String(index).padStart(3, '0')}`;
    const { startMs, endMs } = profile;
    const window = { target, ...of, startMs, endMs, file: `profiles/${name}.cpuprofile` };
    await writeAtomically(join(this.folder, window.file), toMaskedJson(toCpuProfile(profile)));
    this.append({ kind: 'profile', ...window });
  };

  readonly plan: CollectorSink['plan'] = async (document) => {
    const file = `plans/${fileSafe(document.queryId)}.json`;
    await writeAtomically(join(this.folder, file), toMaskedJson(document, 2));
    this.append({ kind: 'plan', atMs: nowMs(), file });
  };

  readonly log: CollectorSink['log'] = async (document) => {
    this.#logs.push(document);
    const written = this.#logsWritten.then(() =>
      writeAtomically(join(this.folder, logsFile), `${toMaskedJson({ logs: this.#logs }, 2)}\n`),
    );
    this.#logsWritten = written.catch(() => undefined);
    await written;
  };

  async flush(): Promise<void> {
    this.#write();
    await this.#writing;
    if (this.#writeError) {
      throw new GaugewayError(
        'internal',
        `the run could not be written to ${this.folder}: ${messageOf(this.#writeError.cause)}`,
        this.#writeError,
      );
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    try {
      await this.flush();
    } finally {
      await this.#series.close();
    }
  }

  /** After the end only a late sample can come; the timeline is complete without it. */
  #add(event: object): void {
    if (this.#closed) return;
    this.#pending.push(`${toMaskedJson(event)}\n`);
    if (isSeriesEvent(event)) this.#onEvent(event);
  }

  /** Queues one write at a time, so that lines keep their order; the first error is kept for flush(). */
  #write(): void {
    if (this.#pending.length === 0) return;
    const text = this.#pending.join('');
    this.#pending = [];
    this.#writing = this.#writing
      .then(() => this.#series.appendFile(text))
      .catch((cause: unknown) => {
        this.#writeError ??= { cause };
      });
  }
}

/** Writes `run.json` atomically, secrets masked. Throws when `document` does not match its own schema. */
export async function writeRunDocument(folder: string, document: RunDocument): Promise<void> {
  const valid = runDocumentSchema.parse(document);
  await writeAtomically(join(folder, documentFile), `${toMaskedJson(valid, 2)}\n`);
}

function fileSafe(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9-]+/g, '-')
    .replaceAll(/^-+(?=[^\d])|-+$/g, '')
    .slice(0, 60);
}
