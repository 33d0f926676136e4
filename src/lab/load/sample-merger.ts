import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { SketchData } from '../../shared/latency-sketch.ts';
import type { Arrivals, GeneratorProcessVitals, LoadSample, LoadWindow } from '../timeline/samples.ts';
import { addArrivals } from './load-statistics.ts';
import type { ProcessWindow } from './messages.ts';
import { worstVitals } from './worst-vitals.ts';

/**
 * Makes one sample a second out of those of several processes: counts are added and sketches merged, so that no
 * percentile is ever averaged. A window is complete when every process that lives has told of it. One that is late
 * holds the others up until the first of them tells of the next window, no longer; what it tells later is counted in
 * the window that is open then, so that nothing is lost.
 */
export class SampleMerger {
  readonly #emit: (sample: LoadSample, atMs: number) => void;
  readonly #living: Set<number>;
  /** Last known, by process. */
  readonly #users: number[];
  #endMs = 0;
  /** The window that is open. */
  #window = 1;
  #parts: ProcessWindow[] = [];
  readonly #told = new Set<number>();

  constructor(processes: number, emit: (sample: LoadSample, atMs: number) => void) {
    this.#emit = emit;
    this.#living = new Set(Array.from({ length: processes }, (_, index) => index));
    this.#users = Array.from({ length: processes }, () => 0);
  }

  /** Windows are counted from this moment on the run's clock. */
  begin(atMs: number): void {
    this.#endMs = atMs;
  }

  add(process: number, part: ProcessWindow): void {
    if (part.window > this.#window) {
      this.#close();
      this.#window = part.window;
    }
    this.#parts.push(part);
    this.#users[process] = part.sample.users;
    if (part.window === this.#window) this.#told.add(process);
    this.#closeWhenComplete();
  }

  /** Nothing more is to come from this process. */
  end(process: number): void {
    this.#living.delete(process);
    this.#users[process] = 0;
    this.#closeWhenComplete();
  }

  #closeWhenComplete(): void {
    if ([...this.#living].every((process) => this.#told.has(process))) this.#close();
  }

  #close(): void {
    const atMs = Math.max(this.#endMs, ...this.#parts.map((part) => part.atMs));
    const samples = this.#parts.map(({ sample }) => sample);
    const windowMs = Math.round((atMs - this.#endMs) * 1000) / 1000;
    this.#window += 1;
    this.#parts = [];
    this.#told.clear();
    if (samples.length === 0) return;
    this.#endMs = atMs;
    const users = this.#users.reduce((sum, count) => sum + count, 0);
    this.#emit({ ...mergeSamples(samples), windowMs, users }, atMs);
  }
}

function mergeSamples(samples: readonly LoadSample[]): Omit<LoadSample, 'windowMs' | 'users'> {
  const parts = new Map<string, LoadWindow[]>();
  let arrivals: Arrivals | undefined;
  for (const sample of samples) {
    for (const [name, window] of Object.entries(sample.byName)) {
      const known = parts.get(name);
      if (known === undefined) parts.set(name, [window]);
      else known.push(window);
    }
    if (sample.arrivals !== undefined) arrivals = addArrivals(arrivals, sample.arrivals);
  }
  const byName = Object.fromEntries([...parts].map(([name, windows]) => [name, mergeWindows(windows)]));
  return {
    byName,
    ...mergeVitals(samples),
    ...(arrivals === undefined ? {} : { arrivals }),
  };
}

/** Each process once, also one that tells of two windows in one because it was late: its memory is not twice what it is. */
function mergeVitals(samples: readonly LoadSample[]): Pick<LoadSample, 'generator' | 'generators'> {
  const byPid = new Map<number, GeneratorProcessVitals>();
  for (const each of samples.flatMap(({ generators = [] }) => generators)) {
    const earlier = byPid.get(each.pid);
    byPid.set(each.pid, earlier === undefined ? each : followedBy(earlier, each));
  }
  const generators = [...byPid.values()];
  const vitals = generators.length === 0 ? samples.map(({ generator }) => generator) : generators;
  return { generator: worstVitals(vitals), generators };
}

/** What it has is what it told last, what it was short of is the worse of both, and what it did is added. */
function followedBy(earlier: GeneratorProcessVitals, last: GeneratorProcessVitals): GeneratorProcessVitals {
  return {
    ...last,
    cpuPercent: Math.max(earlier.cpuPercent, last.cpuPercent),
    eventLoopDelayP99Ms: Math.max(earlier.eventLoopDelayP99Ms, last.eventLoopDelayP99Ms),
    lateStarts: earlier.lateStarts + last.lateStarts,
    plannedStarts: earlier.plannedStarts + last.plannedStarts,
    maxLateMs: Math.max(earlier.maxLateMs, last.maxLateMs),
    exhaustedConnects: (earlier.exhaustedConnects ?? 0) + (last.exhaustedConnects ?? 0),
  };
}

function mergeWindows(windows: readonly LoadWindow[]): LoadWindow {
  const [only, ...others] = windows;
  if (only !== undefined && others.length === 0) return only;
  const failuresByKind: Record<string, number> = {};
  for (const window of windows) {
    for (const [kind, count] of Object.entries(window.failuresByKind)) {
      failuresByKind[kind] = (failuresByKind[kind] ?? 0) + count;
    }
  }
  const sum = (countOf: (window: LoadWindow) => number): number =>
    windows.reduce((total, window) => total + countOf(window), 0);
  const services = windows.flatMap(({ service }) => (service === undefined ? [] : [service]));
  return {
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    failuresByKind,
    latency: mergeSketches(windows.map(({ latency }) => latency)),
    ...(services.length === 0 ? {} : { service: mergeSketches(services) }),
    responseBytes: sum(({ responseBytes = 0 }) => responseBytes),
  };
}

function mergeSketches(sketches: readonly SketchData[]): SketchData {
  const merged = new LatencySketch();
  for (const sketch of sketches) merged.merge(sketch);
  return merged.toJSON();
}
