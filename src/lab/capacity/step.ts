import { absentArtifacts, type ArtifactSlots, type Timed } from '../diagnose/artifacts.ts';
import { diagnose } from '../diagnose/diagnose.ts';
import { generatorSaturated } from '../diagnose/rules/load/generator-saturated.ts';
import { LoadStatistics } from '../load/load-statistics.ts';
import { keeps, measure, type Threshold } from '../load/thresholds.ts';
import type { StepEvent } from '../timeline/events.ts';
import type { ObservedLoad } from '../timeline/samples.ts';

/** What one level of load gave, over the windows that were measured of it. */
export interface Step {
  users: number;
  /** On the run's clock. */
  startMs: number;
  endMs: number;
  /** Requests that succeeded, per second: failing fast is no throughput. */
  rps: number;
  /** The same of each window, which shows how far to trust `rps`. */
  windowsRps: number[];
  requests: number;
  /** Null when no request finished. */
  p50Ms: number | null;
  p95Ms: number | null;
  /** 0..1 */
  failedShare: number;
  /** What the rule about the generator says of these windows; figures of a saturated one count for nothing. */
  generator: 'ok' | 'disturbed' | 'saturated';
  /** Of one core; null where the generator was not seen. */
  generatorCpuPercent: number | null;
  /** Thresholds that this level broke; those on `rps` are held against the capacity instead. */
  broken: string[];
}

/** Requests that succeeded per second of one window. */
export function succeededRps({ byName, windowMs }: ObservedLoad): number {
  const succeeded = Object.values(byName).reduce(
    (sum, { requests, failures }) => sum + requests - failures,
    0,
  );
  return windowMs === 0 ? 0 : (succeeded * 1000) / windowMs;
}

/** A window that was cut short, by a late clock or the end of the load, says little. */
const shortestWindowMs = 500;

export function isWholeWindow({ windowMs }: ObservedLoad): boolean {
  return windowMs >= shortestWindowMs;
}

/** The windows that a step was measured over: those whose middle lies in it, as their ends are told a little late. */
export function windowsOf(
  { startMs, endMs }: Pick<StepEvent, 'startMs' | 'endMs'>,
  samples: readonly Timed<ObservedLoad>[],
): Timed<ObservedLoad>[] {
  return samples.filter(
    ({ atMs, data }) => isWholeWindow(data) && atMs - data.windowMs / 2 > startMs && atMs <= endMs,
  );
}

/** Folds the windows of one step. Pure: the same when the run goes and when it is analysed again. */
export function measureStep(
  { users, startMs, endMs }: Pick<StepEvent, 'users' | 'startMs' | 'endMs'>,
  samples: readonly Timed<ObservedLoad>[],
  thresholds: readonly Threshold[],
): Step {
  const windows = windowsOf({ startMs, endMs }, samples);
  const statistics = new LoadStatistics();
  for (const { atMs, data } of windows) statistics.add(data, atMs);
  const { requests, failures, p50Ms, p95Ms } = statistics.total;
  const durationMs = statistics.durationMs;
  return {
    users,
    startMs,
    endMs,
    rps: durationMs === 0 ? 0 : ((requests - failures) * 1000) / durationMs,
    windowsRps: windows.map(({ data }) => succeededRps(data)),
    requests,
    p50Ms: requests === 0 ? null : p50Ms,
    p95Ms: requests === 0 ? null : p95Ms,
    failedShare: requests === 0 ? 0 : failures / requests,
    generator: judgeGenerator(windows, startMs, endMs),
    generatorCpuPercent: statistics.summary.generator.cpuPercent,
    broken: thresholds.filter((threshold) => breaks(threshold, statistics)).map(({ text }) => text),
  };
}

/** A level at which nothing finishes has no latency that a limit on it could be kept by. */
function breaks(threshold: Threshold, statistics: LoadStatistics): boolean {
  if (threshold.metric.kind === 'rps') return false;
  const value = measure(threshold, statistics.requestsOf(threshold.namePrefix));
  return value === null ? statistics.total.requests === 0 : !keeps(threshold, value);
}

function judgeGenerator(
  windows: readonly Timed<ObservedLoad>[],
  startMs: number,
  endMs: number,
): Step['generator'] {
  const slots: ArtifactSlots = {
    ...absentArtifacts('not looked at'),
    phases: { status: 'ok', value: [{ name: 'steady', startMs, endMs }] },
    load: { status: 'ok', value: new Map([['generator', [...windows]]]) },
  };
  const verdict = diagnose(slots, [generatorSaturated]).findings[0]?.verdict;
  return verdict === 'fail' ? 'saturated' : verdict === 'warn' ? 'disturbed' : 'ok';
}
