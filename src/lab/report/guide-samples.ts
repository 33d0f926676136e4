import { mean } from '../diagnose/computed/statistics.ts';
import { LoadStatistics } from '../load/load-statistics.ts';
import type { SampleEvent, SeriesEvent } from '../timeline/events.ts';
import type { PostgresSample } from '../timeline/samples.ts';
import { TableReads } from './table-reads.ts';

/** How often the guide's session looks, and how many times. */
export interface SampleRhythm {
  count: number;
  everyMs: number;
}

/** Windows of the load come from another process, a little after their end. */
const lateMs = 500;
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/**
 * The profiling guide's complete session, told while a run goes on: every so often in the steady phase what the load,
 * the connections and the gateways were like since the time before, and at the end the tables that were read most.
 */
export class GuideSamples {
  readonly #rhythm: SampleRhythm;
  readonly #print: (lines: string[]) => void;
  readonly #reads = new TableReads();
  #steadyMs: number | undefined;
  #told = 0;
  #load = new LoadStatistics();
  #cpu = new Map<string, number[]>();
  readonly #containers = new Set<string>();
  #connections: PostgresSample['connections'] | undefined;

  constructor(rhythm: SampleRhythm, print: (lines: string[]) => void) {
    this.#rhythm = rhythm;
    this.#print = print;
  }

  /** Takes an event of the run as it comes, and prints a sample when it is time. */
  readonly see = (event: SeriesEvent): void => {
    if (event.kind === 'phase' && event.phase === 'steady') {
      if (event.edge === 'start') this.#begin(event.atMs);
      // The last one ends with the phase.
      else if (this.#told === this.#rhythm.count - 1 && event.atMs >= this.#dueMs() - lateMs) this.#tell();
      if (event.edge === 'end') this.#steadyMs = undefined;
    }
    if (event.kind !== 'sample') return;
    if (event.source === 'postgres') this.#reads.add(event.data.tables);
    if (this.#steadyMs === undefined) return;
    if (event.atMs >= this.#dueMs() + lateMs) this.#tell();
    this.#take(event);
  };

  /** The guide's final analysis: the tables that were read most sequentially, over the whole run. */
  end(columns: number): void {
    this.#print(this.#reads.lines(columns));
  }

  #begin(atMs: number): void {
    this.#steadyMs = atMs;
    this.#forget();
  }

  #forget(): void {
    this.#load = new LoadStatistics();
    this.#cpu = new Map();
  }

  #dueMs(): number {
    const { count, everyMs } = this.#rhythm;
    return this.#told >= count ? Infinity : (this.#steadyMs ?? Infinity) + (this.#told + 1) * everyMs;
  }

  #take({ source, target, data, atMs }: SampleEvent): void {
    if (source === 'load') this.#load.add(data, atMs);
    if (source === 'postgres') this.#connections = data.connections;
    if ((source === 'process' || source === 'container') && data.role === 'gateway') {
      const name = target.replace(/ \(pid \d+\)$/, '');
      if (source === 'container' && !this.#containers.has(name)) {
        this.#containers.add(name);
        this.#cpu.delete(name);
      }
      // A container is counted with all its processes, so that none of them is told beside it.
      if (source === 'process' && this.#containers.has(name)) return;
      this.#cpu.set(name, [...(this.#cpu.get(name) ?? []), data.cpuPercent]);
    }
  }

  #tell(): void {
    this.#told += 1;
    const { rps, byName } = this.#load.summary;
    const slowest = byName.toSorted((a, b) => b.meanMs - a.meanMs)[0];
    const states = (this.#connections ?? [])
      .filter(({ count }) => count > 0)
      .map(({ state, count }) => `${state} ${count}`);
    const cpu = [...this.#cpu]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, percents]) => `${name} ${tenths.format(mean(percents))} %`);
    this.#print([
      `=== SAMPLE ${this.#told} ===`,
      `RPS: ${whole.format(rps)}${slowest === undefined ? '' : `, slowest: ${slowest.name} avg: ${whole.format(slowest.meanMs)}ms`}`,
      `connections: ${states.length === 0 ? 'not known' : states.join(', ')}`,
      `CPU: ${cpu.length === 0 ? 'not known' : cpu.join(', ')}`,
    ]);
    this.#forget();
  }
}
