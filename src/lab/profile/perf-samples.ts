import { frameKey } from './merge-profiles.ts';
import type { Frame } from './profile.ts';

/** A sample of one thread. */
export interface PerfSample {
  atUs: number;
  /** Of its event: nanoseconds of a clock, or e.g. cycles. */
  period: number;
  isClock: boolean;
  /** Outermost first. */
  stack: Frame[];
}

/** A thread with its samples. */
export interface PerfThread {
  label: string;
  samples: PerfSample[];
}

/** Longer lines are no part of perf's output, and expressions are not to be tried on them. */
const longestLine = 8000;
/** `comm pid/tid [cpu] time: period event:`; pid, cpu and period are there where perf was asked for them. */
const header =
  /^(\S[^:]{0,64}?)\s+(?:(\d{1,10})\/)?(\d{1,10})\s+(?:\[\d+\]\s+)?(\d{1,12}\.\d{1,9}):\s+(?:(\d{1,18})\s+)?([\w\-/.,]+)(?::\w*)*:?\s*$/;
const callLine = /^\s+([\da-f]{1,16}) (.*)$/;
const clockEvent = /^(?:cpu|task)-clock/;

/**
 * Samples in the text of `perf script`, which is taken in pieces of any size, as it comes: of a minute it may be longer
 * than a string can be. What is kept are the samples; a function of many of them is one frame.
 */
export class PerfSamples {
  readonly #threads = new Map<string, PerfThread>();
  readonly #frames = new Map<string, Frame>();
  #current: PerfSample | undefined;
  /** The beginning of a line whose end is in the next piece. */
  #rest = '';

  get isEmpty(): boolean {
    return this.#threads.size === 0;
  }

  /** Takes the next piece of the text. */
  add(piece: string): void {
    let from = 0;
    for (let to = piece.indexOf('\n'); to >= 0; to = piece.indexOf('\n', from)) {
      this.#line(this.#rest + piece.slice(from, to));
      this.#rest = '';
      from = to + 1;
    }
    // Of a line that is too long to be read, as much as tells that.
    if (this.#rest.length <= longestLine) this.#rest += piece.slice(from, from + longestLine + 1);
  }

  /** All threads, once the text has ended. */
  end(): PerfThread[] {
    this.#line(this.#rest);
    this.#rest = '';
    this.#endSample();
    return [...this.#threads.values()];
  }

  #line(line: string): void {
    if (line.length > longestLine || line.startsWith('#')) return;
    const call = callLine.exec(line);
    if (call !== null) {
      this.#current?.stack.push(this.#frame(call[1] ?? '', call[2] ?? ''));
      return;
    }
    this.#endSample();
    const [, comm = '', pid, tid = '', seconds = '', period, event = ''] = header.exec(line) ?? [];
    if (tid === '') return;
    this.#current = {
      atUs: Number(seconds) * 1e6,
      period: Number(period ?? 0),
      isClock: clockEvent.test(event),
      stack: [],
    };
    const label = pid === undefined || pid === tid ? `${comm} (${tid})` : `${comm} (${pid}, thread ${tid})`;
    const thread = this.#threads.get(`${pid ?? ''}/${tid}`);
    if (thread === undefined) this.#threads.set(`${pid ?? ''}/${tid}`, { label, samples: [this.#current] });
    else thread.samples.push(this.#current);
  }

  #endSample(): void {
    this.#current?.stack.reverse();
    this.#current = undefined;
  }

  #frame(address: string, rest: string): Frame {
    const read = frameOf(address, rest);
    const key = frameKey(read);
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const frame = { ...read, name: apart(read.name), file: apart(read.file) };
    this.#frames.set(key, frame);
    return frame;
  }
}

/** A part of a string keeps the whole of it in memory, which is the piece here. */
function apart(text: string): string {
  return Buffer.from(text).toString();
}

/** V8's (`--perf-basic-prof`) and Python's (`-X perf`) names of code that was made at run time. */
const v8Symbol =
  /^(?:LazyCompile|Function|JS|Script|Eval|RegExp|Builtin|BytecodeHandler):[~*^+]?(\S*) ?(.*)$/;
const pythonSymbol = /^py::(.*?):([^:].*)$/;

/** `symbol+0x12 (library)`, `[unknown] (library)`, and of inlined functions `symbol (inlined)`. */
function frameOf(address: string, rest: string): Frame {
  const open = rest.lastIndexOf(' (');
  const library = open > 0 && rest.endsWith(')') ? rest.slice(open + 2, -1) : '';
  const symbol = (open > 0 ? rest.slice(0, open) : rest).replace(/\+0x[\da-f]+$/, '').trim();
  const python = pythonSymbol.exec(symbol);
  if (python !== null) return { name: python[1] ?? '', file: python[2] ?? '', line: 0, column: 0 };
  const script = v8Symbol.exec(symbol);
  if (script !== null) {
    const [, file = '', line = '0', column = '0'] =
      /^(.*?)(?::(\d+))?(?::(\d+))?$/.exec(script[2] ?? '') ?? [];
    return { name: script[1] || '(anonymous)', file, line: Number(line), column: Number(column) };
  }
  const isKnown = symbol !== '' && symbol !== '[unknown]';
  const file = library === '[unknown]' || library === 'inlined' ? '' : library;
  if (isKnown) return { name: symbol, file, line: 0, column: 0 };
  // Addresses of code without symbols differ per call: one frame for each library says as much and can be read.
  return {
    name: file === '' ? '[unknown]' : `[${file.split('/').at(-1) ?? address}]`,
    file,
    line: 0,
    column: 0,
  };
}
