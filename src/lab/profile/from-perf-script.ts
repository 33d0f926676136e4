import { GaugewayError } from '../../shared/errors.ts';
import type { Frame, Profile } from './profile.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { ProfileSet } from './profile-set.ts';

interface PerfSample {
  atUs: number;
  /** Of its event: nanoseconds of a clock, or e.g. cycles. */
  period: number;
  isClock: boolean;
  /** Outermost first. */
  stack: Frame[];
}

interface PerfThread {
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
/** A thread that lags behind the clock by more than this part of an interval did not run; less is jitter. */
const idleIntervals = 0.5;

/**
 * Reads the text of `perf script`: one part per thread, in order of time. Samples of a clock weigh their period, others
 * the usual distance of samples; time between them in which a thread did not run is `(idle)`. Throws GaugewayError source_unreadable when there is no sample in it.
 */
export function fromPerfScript(
  text: string,
  { name, startMs = 0, endMs, originUs, intervalUs }: PerfPlace,
): ProfileSet {
  const threads = readThreads(text);
  const all = [...threads.values()];
  if (all.length === 0) throw new GaugewayError('source_unreadable', `${name} holds no samples of perf`);
  const firstUs = all.reduce(
    (least, { samples }) => samples.reduce((first, { atUs }) => Math.min(first, atUs), least),
    Infinity,
  );
  return {
    title: name,
    facts: [],
    parts: all.map(({ label, samples }) => ({
      label,
      profile: profileOf(label, samples, { startMs, endMs, originUs: originUs ?? firstUs, intervalUs }),
    })),
  };
}

export interface PerfPlace {
  name: string;
  intervalUs?: number;
  /** The run's clock when perf's own was at `originUs`; without that, at the first sample. */
  startMs?: number;
  originUs?: number;
  /** When sampling ended; by default with the last sample. */
  endMs?: number;
}

function readThreads(text: string): Map<string, PerfThread> {
  const threads = new Map<string, PerfThread>();
  let current: PerfSample | undefined;
  for (const line of text.split('\n')) {
    if (line.length > longestLine || line.startsWith('#')) continue;
    const call = callLine.exec(line);
    if (call !== null) {
      current?.stack.push(frameOf(call[1] ?? '', call[2] ?? ''));
      continue;
    }
    current?.stack.reverse();
    current = undefined;
    const [, comm = '', pid, tid = '', seconds = '', period, event = ''] = header.exec(line) ?? [];
    if (tid === '') continue;
    current = {
      atUs: Number(seconds) * 1e6,
      period: Number(period ?? 0),
      isClock: clockEvent.test(event),
      stack: [],
    };
    const label = pid === undefined || pid === tid ? `${comm} (${tid})` : `${comm} (${pid}, thread ${tid})`;
    const thread = threads.get(`${pid ?? ''}/${tid}`);
    if (thread === undefined) threads.set(`${pid ?? ''}/${tid}`, { label, samples: [current] });
    else thread.samples.push(current);
  }
  current?.stack.reverse();
  return threads;
}

function profileOf(
  label: string,
  samples: PerfSample[],
  {
    startMs,
    endMs,
    originUs,
    intervalUs,
  }: Required<Pick<PerfPlace, 'startMs' | 'originUs'>> & {
    endMs: number | undefined;
    intervalUs: number | undefined;
  },
): Profile {
  const inOrder = samples.toSorted((a, b) => a.atUs - b.atUs);
  const interval = intervalUs ?? usualDistanceUs(inOrder);
  const builder = new ProfileBuilder(label);
  const idle = builder.child(0, builder.frame({ name: '(idle)', file: '', line: 0, column: 0 }));
  let endUs = originUs;
  for (const { atUs, period, isClock, stack } of inOrder) {
    const weight = isClock && period > 0 ? period / 1000 : interval;
    const idleUs = atUs - weight - endUs;
    if (idleUs > idleIntervals * weight) {
      builder.add(idle, idleUs);
      endUs += idleUs;
    }
    builder.add(builder.stack(stack), weight);
    endUs += weight;
  }
  const sampledMs = (endUs - originUs) / 1000;
  if (endMs !== undefined) builder.add(idle, (endMs - startMs - sampledMs) * 1000);
  return builder.build({
    unit: 'microseconds',
    order: 'time',
    interval,
    startMs,
    endMs: endMs ?? startMs + sampledMs,
  });
}

/** The median, as a thread that waits leaves wide gaps; of clocks their period. */
function usualDistanceUs(inOrder: readonly PerfSample[]): number {
  const [first] = inOrder;
  if (first !== undefined && first.isClock && first.period > 0) return first.period / 1000;
  const gaps = inOrder
    .slice(1)
    .map(({ atUs }, index) => atUs - (inOrder[index]?.atUs ?? atUs))
    .filter((gap) => gap > 0)
    .toSorted((a, b) => a - b);
  return gaps[Math.floor(gaps.length / 2)] ?? 1000;
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
