import type { ServerResponse } from 'node:http';
import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import type { LoadTest } from './load-test.ts';
import type { LogEvent } from './stats-answer.ts';

/** A page holds one. */
const maxStreams = 32;
/** What the browser waits before it connects again. */
const retryMs = 2_000;

/** How streams are kept alive. */
export interface StreamTimes {
  /** A page that hears nothing for some of these knows that the connection is lost, and so do proxies in between. */
  heartbeatMs: number;
  /** A reader that takes nothing for this long is dropped; until then it is spared what is out of date. */
  stalledMs: number;
}
const usualTimes: StreamTimes = { heartbeatMs: 5_000, stalledMs: 30_000 };

/** Where a reader is: everything up to here it has. */
interface Position {
  testId: string;
  /** Of the last moment of the history. */
  atMs: number;
  /** Log lines written so far. */
  logLines: number;
}

interface Stream {
  response: ServerResponse;
  mayRead: () => boolean;
  position: Position;
  /** Of the figures that it was sent last. */
  version: number;
  /** When it began to take nothing, or undefined. */
  stalledSinceMs: number | undefined;
}

/**
 * The figures, the new moments of the history and the log lines of a test as Server-Sent Events. Each event's id says
 * where its reader is, so that one who comes back (`Last-Event-ID`) gets what it missed and nothing twice. A slow reader
 * gets fewer events, not a queue of them.
 */
export class EventStreams {
  readonly #test: LoadTest;
  readonly #times: StreamTimes;
  readonly #streams = new Set<Stream>();
  #version = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #heart: NodeJS.Timeout | undefined;

  constructor(test: LoadTest, times: StreamTimes = usualTimes) {
    this.#test = test;
    this.#times = times;
    test.onChange((change) => {
      if (change === 'figures') this.#version += 1;
      this.#scheduled ??= setImmediate(() => {
        this.#scheduled = undefined;
        this.#flush();
      });
    });
  }

  /**
   * Takes the answer over. `lastEventId` is what a reader that comes back had last. The stream ends once `mayRead` is
   * false, which is looked at before anything is told. Throws `unavailable`.
   */
  open(response: ServerResponse, lastEventId: string, mayRead: () => boolean = () => true): void {
    if (this.#streams.size >= maxStreams) {
      throw new GaugewayError('unavailable', `${maxStreams} pages follow the test already`);
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // nginx would hold events back.
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${retryMs}\n\n`);
    const position = this.#parse(lastEventId) ?? { testId: '', atMs: 0, logLines: 0 };
    const stream: Stream = { response, mayRead, position, version: -1, stalledSinceMs: undefined };
    this.#streams.add(stream);
    response.on('close', () => this.#drop(stream));
    response.on('drain', () => {
      stream.stalledSinceMs = undefined;
      this.endRefused();
      if (this.#streams.has(stream)) this.#send(stream, new Map());
    });
    this.#heart ??= setInterval(() => this.#beat(), this.#times.heartbeatMs);
    this.#send(stream, new Map());
  }

  /** How many readers there are. */
  get size(): number {
    return this.#streams.size;
  }

  /** Ends the streams of those who may no longer read, as after a logout. */
  endRefused(): void {
    for (const stream of this.#streams) if (!stream.mayRead()) this.#end(stream);
  }

  /** Ends every stream. */
  close(): void {
    clearImmediate(this.#scheduled);
    for (const stream of this.#streams) this.#end(stream);
  }

  #end(stream: Stream): void {
    // Who takes nothing would never see the end.
    if (stream.stalledSinceMs === undefined) stream.response.end();
    else stream.response.destroy();
    this.#drop(stream);
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#heart);
    this.#heart = undefined;
  }

  #beat(): void {
    this.endRefused();
    for (const stream of this.#streams) {
      const { response, stalledSinceMs } = stream;
      if (stalledSinceMs === undefined) this.#write(stream, 'event: heartbeat\ndata: {}\n\n');
      else if (nowMs() - stalledSinceMs > this.#times.stalledMs) response.destroy();
    }
  }

  #flush(): void {
    this.endRefused();
    // Most readers are at the same place: what one of them gets is written once.
    const written = new Map<string, string>();
    for (const stream of this.#streams) this.#send(stream, written);
  }

  #send(stream: Stream, written: Map<string, string>): void {
    if (stream.stalledSinceMs !== undefined) return;
    const hasFigures = stream.version !== this.#version;
    const to = hasFigures ? this.#position() : { ...stream.position, logLines: this.#test.log.written };
    const key = `${this.#id(stream.position)} ${this.#id(to)} ${hasFigures}`;
    const text = written.get(key) ?? this.#events(stream.position, to, hasFigures);
    written.set(key, text);
    stream.position = to;
    stream.version = this.#version;
    if (text !== '') this.#write(stream, text);
  }

  #write(stream: Stream, text: string): void {
    if (!stream.response.write(text)) stream.stalledSinceMs ??= nowMs();
  }

  #events(from: Position, to: Position, hasFigures: boolean): string {
    return `${this.#logEvent(from, to)}${hasFigures ? this.#statsEvent(from, to) : ''}`;
  }

  #logEvent(from: Position, to: Position): string {
    if (to.logLines === from.logLines) return '';
    const lines = this.#test.log.after(from.logLines);
    const log: LogEvent = { first: to.logLines - lines.length, lines };
    // With the figures that its reader has: those that follow have an id of their own.
    const id = this.#id({ ...from, logLines: to.logLines });
    return `id: ${id}\nevent: log\ndata: ${JSON.stringify(log)}\n\n`;
  }

  #statsEvent(from: Position, to: Position): string {
    const answer = this.#test.answer(from.testId === to.testId ? from.atMs : 0);
    return `id: ${this.#id(to)}\nevent: stats\ndata: ${JSON.stringify(answer)}\n\n`;
  }

  #position(): Position {
    const { testId, lastMomentMs, log } = this.#test;
    return { testId, atMs: lastMomentMs, logLines: log.written };
  }

  #id({ testId, atMs, logLines }: Position): string {
    return [testId, atMs, logLines].join('.');
  }

  /** Undefined for an id of another server, which ran on the port before: nothing of it is the same. */
  #parse(id: string): Position | undefined {
    const [, testId, serverId, atMs, logLines] = /^((\w+)-\d+)\.(\d+(?:\.\d+)?)\.(\d+)$/.exec(id) ?? [];
    if (testId === undefined || serverId !== this.#test.serverId) return undefined;
    return { testId, atMs: Number(atMs), logLines: Math.min(Number(logLines), this.#test.log.written) };
  }
}
