import { ProfilerCpu } from '../profilers/profiler-cpu.ts';

/** CPU that profiling takes beside what is profiled: of this process, and of the profilers that it has started. */
export class ProfilingCpu {
  readonly #profilers = new ProfilerCpu();
  readonly #from = process.cpuUsage();
  #profilersMs = 0;
  #last: Promise<void> = Promise.resolve();

  private constructor() {}

  /** Counts from now on. */
  static async start(): Promise<ProfilingCpu> {
    const cpu = new ProfilingCpu();
    await cpu.look();
    return cpu;
  }

  /**
   * Where this process has children that are no profilers, it has to look now and then, and when one of them ends: what
   * ends between the same two looks is not told apart.
   */
  look(): Promise<void> {
    this.#last = this.#last.then(async () => {
      this.#profilersMs += await this.#profilers.takeMs();
    });
    return this.#last;
  }

  /** Milliseconds since the start. */
  async totalMs(): Promise<number> {
    await this.look();
    const { user, system } = process.cpuUsage(this.#from);
    return (user + system) / 1000 + this.#profilersMs;
  }
}
