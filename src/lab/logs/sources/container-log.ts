import { Readable } from 'node:stream';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { LineSplitter } from '../../line-splitter.ts';
import type { LogSource, OnLogLine } from '../log-line.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { readStream } from './stream-lines.ts';

const inspectBoundMs = 10_000;

/** What a container wrote to its outputs, as the Docker Engine or podman keeps it. */
export class ContainerLog implements LogSource {
  readonly #socket: string;
  readonly #name: string;
  #tooLong = 0;
  /** Where to go on: nanoseconds since 1970 of the last line that was handed on. */
  #lastNs = 0n;
  /** What was handed on before: the engine sends what it noted at the very time that is asked for once more. */
  #seenNs = 0n;

  constructor(socket: string, name: string) {
    this.#socket = socket;
    this.#name = name;
  }

  get tooLong(): number {
    return this.#tooLong;
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#hasTerminal(signal);
  }

  async skip(): Promise<void> {
    this.#lastNs = BigInt(Date.now()) * 1_000_000n;
  }

  async readToEnd(sinceMs: number | undefined, onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    const fromNs = sinceMs === undefined ? 0n : BigInt(Math.round(sinceMs)) * 1_000_000n;
    await this.#read(fromNs, false, onLine, signal);
    if (this.#lastNs === 0n) this.#lastNs = fromNs;
  }

  async follow(onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    await this.#read(this.#lastNs, true, onLine, signal);
  }

  async close(): Promise<void> {}

  async #read(fromNs: bigint, follow: boolean, onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    const hasTerminal = await this.#hasTerminal(signal);
    this.#seenNs = this.#lastNs;
    const splitters = new Map<string, LineSplitter>();
    const push = (output: string, bytes: Buffer): void => {
      splitterOf(splitters, output).push(bytes, (text) => this.#line(output, text, onLine));
    };
    const frames = new FrameSplitter();
    try {
      const stream = await this.#stream(fromNs, follow, signal);
      await readStream(
        stream,
        (chunk) => (hasTerminal ? push('stdout', chunk) : frames.push(chunk, push)),
        signal,
      );
    } catch (cause) {
      if (!signal.aborted) throw this.#unreadable(cause);
    } finally {
      for (const [output, lines] of splitters) {
        lines.end((text) => this.#line(output, text, onLine));
        this.#tooLong += lines.tooLong;
      }
    }
  }

  #line(output: string, text: string, onLine: OnLogLine): void {
    const [, stamp, rest] = /^(\d{4}-\d\d-\d\dT\S+) ?(.*)$/s.exec(text) ?? [];
    const atNs = stamp === undefined ? undefined : nanoseconds(stamp);
    if (atNs === undefined) return onLine({ text, atMs: null, writer: output });
    if (atNs <= this.#seenNs) return;
    if (atNs > this.#lastNs) this.#lastNs = atNs;
    onLine({ text: rest ?? '', atMs: Number(atNs / 1000n) / 1000, writer: output });
  }

  async #hasTerminal(signal: AbortSignal): Promise<boolean> {
    try {
      const engine = await this.#engine();
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(inspectBoundMs)]);
      const { Config } = await engine.getContainer(this.#name).inspect({ abortSignal: bounded });
      return Config.Tty;
    } catch (cause) {
      throw this.#unreadable(cause);
    }
  }

  /** Not by `container.logs`, which holds the whole log in memory when it does not follow. */
  async #stream(fromNs: bigint, follow: boolean, signal: AbortSignal): Promise<Readable> {
    const { modem } = await this.#engine();
    const { promise, resolve, reject } = Promise.withResolvers<Readable>();
    modem.dial(
      {
        path: `/containers/${encodeURIComponent(this.#name)}/logs?`,
        method: 'GET',
        isStream: true,
        abortSignal: signal,
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
        options: {
          stdout: true,
          stderr: true,
          timestamps: true,
          follow,
          ...(fromNs === 0n
            ? {}
            : { since: `${fromNs / 1_000_000_000n}.${String(fromNs % 1_000_000_000n).padStart(9, '0')}` }),
        },
      },
      (error, answer) => {
        if (error !== null) reject(error);
        else if (answer instanceof Readable) resolve(answer);
        else reject(new Error('the engine sent no log'));
      },
    );
    return promise;
  }

  async #engine() {
    const { default: Docker } = await import('dockerode');
    return new Docker({ socketPath: this.#socket });
  }

  #unreadable(cause: unknown): GaugewayError {
    if (cause instanceof GaugewayError) return cause;
    return new GaugewayError(
      'source_unreadable',
      `container ${this.#name} by ${this.#socket}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function splitterOf(splitters: Map<string, LineSplitter>, output: string): LineSplitter {
  const known = splitters.get(output);
  if (known !== undefined) return known;
  const lines = new LineSplitter();
  splitters.set(output, lines);
  return lines;
}

/** Of a time as the engines write it, with up to nine decimals; undefined when it is none. */
function nanoseconds(stamp: string): bigint | undefined {
  const [, seconds, fraction = '', zone] = /^(\S{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(stamp) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
