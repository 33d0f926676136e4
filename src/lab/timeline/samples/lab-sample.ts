/** The process that watches, over the interval since the last sample; the load is driven by processes of its own. */
export interface LabSample {
  /** Of one core. */
  cpuPercent: number;
  /** Of one core: the programs that profile for it, py-spy and perf. Missing in runs from before they were. */
  profilersCpuPercent?: number;
  rssBytes: number;
  /** How late its own timers were: what it reads later than that is no fault of the source. */
  eventLoopDelayP99Ms: number;
  eventLoopDelayMaxMs: number;
}
