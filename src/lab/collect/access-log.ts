import { nowMs } from '../../shared/clock.ts';
import { FollowedFile } from '../followed-file.ts';
import { readingFile } from '../reading-file.ts';
import { AccessWindow } from '../nginx/access-window.ts';
import { FileLog } from '../logs/sources/file-log.ts';
import type { Collector, CollectorSink } from './collector.ts';

/** A line costs a few microseconds; a second of more lines than this would cost too much of a core. */
const maxLinesPerWindow = 20_000;

/** Reads what nginx writes to its access log from the start of the run on, summed up each second. */
export class AccessLogCollector implements Collector {
  readonly source = 'access-log';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #path: string;
  readonly #file: FollowedFile;
  readonly #statusUrl: string | undefined;
  #windowStartMs = 0;

  /** `statusUrl` is that of `stub_status`, if it is watched, too. */
  constructor(path: string, statusUrl?: string) {
    this.#path = path;
    this.#statusUrl = statusUrl;
    this.target = path;
    this.#file = new FollowedFile(path);
  }

  async open(): Promise<void> {
    await new FileLog(this.#path).open();
    await readingFile(this.#path, () => this.#file.skip());
    this.#windowStartMs = nowMs();
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const window = new AccessWindow(this.#statusUrl);
    let lines = 0;
    await readingFile(this.#path, () =>
      this.#file.pull((line) => {
        lines += 1;
        if (lines <= maxLinesPerWindow) window.add(line);
        else window.unreadable += 1;
      }),
    );
    const atMs = nowMs();
    const windowMs = atMs - this.#windowStartMs;
    this.#windowStartMs = atMs;
    sink.sample('access-log', this.target, performance.now() - startedMs, window.sample(windowMs));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
