import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathFromUrl } from '../../profile/path-from-url.ts';
import { addMarks } from '../../profile/merge-profiles.ts';
import type { Frame, FrameMark, Profile } from '../../profile/profile.ts';

/** A function's place as V8's log and its profiles have it: path or URL, 1-based line and column of its beginning. */
export interface FunctionMarks extends Pick<Frame, 'name' | 'file' | 'line' | 'column'> {
  marks: FrameMark[];
}

export interface V8LogMarks {
  functions: FunctionMarks[];
  /** The log was longer than what is read of it. */
  truncated: boolean;
}

/**
 * Flags that make Node write to a folder what it gives up and which places meet many shapes, a file for each process, as
 * workers of a cluster inherit the flags. They go between `node` and the script: `NODE_OPTIONS` refuses them. Node 20
 * to 26 know them; a process that runs already cannot be given them.
 */
export function v8LogFlags(folder: string): string[] {
  return [
    '--log-deopt',
    '--log-ic',
    '--no-logfile-per-isolate',
    `--logfile=${join(folder, 'v8-%p.log')}`,
    // Node 20 also prints each deoptimisation to the program's own output; where it cannot write instead, it aborts.
    '--redirect-code-traces',
    `--redirect-code-traces-to=${join(folder, 'v8-deoptimisations.txt')}`,
  ];
}

/** V8 gives up code as it warms up: types that come late, once or twice a function. More is a habit. */
const fewestDeoptimisations = 3;
/** Bytes of log that are read; a program writes about a megabyte as it starts, and then as it changes. */
const mostBytes = 512 * 1024 * 1024;
/** Not losses: code that gives way to better code while its loop runs. */
const tieringUp = /on.stack replacement|\bOSR\b/i;
/** V8's letters for the states of a place: megamorphic, and generic for keyed access. */
const megamorphicStates = new Set(['N', 'G']);
const pageBytes = 4096;

interface Code {
  start: number;
  end: number;
  of: LoggedFunction;
}

interface LoggedFunction extends FunctionMarks {
  deoptimisations: Map<string, number>;
  sites: Map<string, number>;
  /** Where its text begins and ends in its script, in characters; undefined until the log tells. */
  text?: { begin: number; end: number };
}

/**
 * Reads V8's logs in a folder: the functions that lost their optimised code three times or more, with the reasons, and
 * those with a place that became megamorphic, with the property. Reads 512 MiB of each log at most. Rejects with the
 * system's error when the folder cannot be read.
 */
export async function v8LogMarks(folder: string): Promise<V8LogMarks> {
  const names = (await readdir(folder)).filter((name) => /^v8-\d+\.log$/.test(name));
  const all: V8LogMarks = { functions: [], truncated: false };
  for (const name of names) {
    const path = join(folder, name);
    const log = new V8Log();
    // The address space of each process is its own.
    for await (const line of createInterface({ input: createReadStream(path, { end: mostBytes - 1 }) })) {
      log.read(line);
    }
    all.functions.push(...log.marked());
    all.truncated ||= (await stat(path)).size > mostBytes;
  }
  return all;
}

/** The profile with the marks of the functions that are in it; those that it has are kept. */
export function markProfile(profile: Profile, { functions }: V8LogMarks): Profile {
  const marksAt = new Map<string, FrameMark[]>();
  for (const each of functions) {
    marksAt.set(placeOf(each), addMarks(marksAt.get(placeOf(each)) ?? [], each.marks));
  }
  return {
    ...profile,
    frames: profile.frames.map((frame) => {
      const marks = marksAt.get(placeOf(frame));
      return marks === undefined ? frame : { ...frame, marks: addMarks(frame.marks ?? [], marks) };
    }),
  };
}

function placeOf({ file, line, column }: Pick<Frame, 'file' | 'line' | 'column'>): string {
  return `${file}:${line}:${column}`;
}

class V8Log {
  readonly #functions = new Map<string, LoggedFunction>();
  /** By file, those that the log tells the text of. */
  readonly #texts = new Map<string, Set<LoggedFunction>>();
  /** By the pages that code lies on, as places in it are named by their address. */
  readonly #codes = new Map<number, Code[]>();

  read(line: string): void {
    const kind = line.slice(0, line.indexOf(','));
    if (kind === 'code-creation') this.#create(line);
    else if (kind === 'code-source-info') this.#locate(line);
    else if (kind === 'code-move') this.#move(line);
    else if (kind === 'code-deopt') this.#deoptimise(line);
    else if (kind.endsWith('IC')) this.#miss(kind, line);
  }

  marked(): FunctionMarks[] {
    return [...this.#functions.values()].flatMap(({ name, file, line, column, deoptimisations, sites }) => {
      const lost = [...deoptimisations.values()].reduce((sum, count) => sum + count, 0);
      const marks: FrameMark[] = [
        ...[...sites].map(([reason, count]) => ({ kind: 'megamorphic' as const, reason, count })),
        ...(lost < fewestDeoptimisations
          ? []
          : [...deoptimisations].map(([reason, count]) => ({ kind: 'deoptimised' as const, reason, count }))),
      ];
      return marks.length === 0 ? [] : { name, file, line, column, marks };
    });
  }

  /** `code-creation,JS,kind,time,address,size,name file:line:column,…`, with commas in names written as `\x2C`. */
  #create(line: string): void {
    const [, , , , address = '', size = '', label = ''] = line.split(',');
    const place = /^(.*?) ?([^ ]*):(\d+):(\d+)$/.exec(label.replaceAll(String.raw`\x2C`, ','));
    const start = Number(address);
    if (place === null || !Number.isFinite(start)) return;
    const [, name = '', url = '', row = '', column = ''] = place;
    const key = `${url}:${row}:${column}`;
    const known = this.#functions.get(key) ?? {
      name,
      file: pathFromUrl(url),
      line: Number(row),
      column: Number(column),
      marks: [],
      deoptimisations: new Map(),
      sites: new Map(),
    };
    this.#functions.set(key, known);
    this.#place({ start, end: start + Number(size), of: known });
  }

  /** `code-source-info,address,script,begin,end,…`, after its `code-creation`. */
  #locate(line: string): void {
    const [, address = '', , begin = '', end = ''] = line.split(',', 5);
    const of = this.#at(Number(address))?.of;
    if (of === undefined || of.text !== undefined) return;
    of.text = { begin: Number(begin), end: Number(end) };
    const others = this.#texts.get(of.file) ?? new Set();
    this.#texts.set(of.file, others.add(of));
  }

  #move(line: string): void {
    const [, from = '', to = ''] = line.split(',');
    const moved = this.#at(Number(from));
    if (moved === undefined || moved.start !== Number(from)) return;
    this.#place({ start: Number(to), end: Number(to) + moved.end - moved.start, of: moved.of });
  }

  /**
   * `code-deopt,time,size,address,inlining,offset,kind,<file:line:column> inlined at <…>,reason`. The address is of the
   * code that is lost, the place of the function in it that was the reason.
   */
  #deoptimise(line: string): void {
    const [, , , address = '', , offset = '', , ...rest] = line.split(',');
    const reason = rest.at(-1) ?? '';
    const code = this.#at(Number(address));
    if (code === undefined || reason === '' || tieringUp.test(reason)) return;
    const [, url] = /^<(.*?):\d+:\d+> inlined at </.exec(rest.slice(0, -1).join(',')) ?? [];
    const cause = url === undefined ? code.of : (this.#around(pathFromUrl(url), Number(offset)) ?? code.of);
    countOne(cause.deoptimisations, reason);
    if (cause !== code.of) countOne(code.of.deoptimisations, `${reason} in ${cause.name}, which is inlined`);
  }

  /** The innermost function around a character of a file. */
  #around(file: string, offset: number): LoggedFunction | undefined {
    let innermost: LoggedFunction | undefined;
    let shortest = Infinity;
    for (const each of this.#texts.get(file) ?? []) {
      const { begin, end } = each.text ?? { begin: 0, end: 0 };
      if (offset < begin || offset >= end || end - begin >= shortest) continue;
      shortest = end - begin;
      innermost = each;
    }
    return innermost;
  }

  /** `LoadIC,address,time,line,column,old state,new state,shape,property,…`. */
  #miss(kind: string, line: string): void {
    const [, address = '', , row = '', column = '', before = '', after = '', , property = ''] =
      line.split(',');
    if (!megamorphicStates.has(after)) return;
    const code = this.#at(Number(address));
    if (code === undefined) return;
    const does = kind.includes('Store') || kind.includes('Define') ? 'write' : 'read';
    // The key of a keyed access is data of the program.
    const what = kind.startsWith('Keyed') ? `keyed ${does}` : `${does} of ${property}`;
    const site = `${what} at ${row}:${column}`;
    // What misses later in a place that is megamorphic already is the same place.
    if (before !== after || code.of.sites.has(site)) countOne(code.of.sites, site);
  }

  #place(code: Code): void {
    for (let page = pageOf(code.start); page <= pageOf(Math.max(code.start, code.end - 1)); page += 1) {
      const others = this.#codes.get(page) ?? [];
      const alive = others.filter(({ start, end }) => end <= code.start || start >= code.end);
      this.#codes.set(page, [...alive, code]);
    }
  }

  #at(address: number): Code | undefined {
    return this.#codes.get(pageOf(address))?.find(({ start, end }) => address >= start && address < end);
  }
}

function pageOf(address: number): number {
  return Math.floor(address / pageBytes);
}

function countOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
