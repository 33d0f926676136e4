import { median } from '../diagnose/computed/statistics.ts';
import { trendOf, type Trend } from './trend.ts';

export interface MemoryReading {
  atMs: number;
  bytes: number;
}

/** Whether one kind of memory of a process grows without an end in sight. */
export interface LeakVerdict {
  verdict: 'growing' | 'steady' | 'unclear';
  /** 0..1; see {@link leakVerdict}. */
  confidence: number;
  /** Slope of the floor: of what stays after collections. With its confidence interval of 95 %. */
  bytesPerMinute: number;
  lowBytesPerMinute: number;
  highBytesPerMinute: number;
  /** One sentence for the reader, without a figure of the slope. */
  reason: string;
  /** At this rate; only while it grows and a limit is known. */
  untilLimitMs?: number;
}

export interface LeakOptions {
  /** What the memory may grow to: V8's heap limit, or that of the container. */
  limitBytes?: number;
  /** Memory right after full collections at both ends: what rose between them is no garbage. */
  collected?: { before: MemoryReading; after: MemoryReading };
}

/** Less is the warm-up of anything. */
const shortestMs = 20_000;
/** Six in each half are the fewest in which the trend test can be sure. */
const fewestBuckets = 12;
const mostBuckets = 30;
const readingsPerBucket = 3;
/** Two-sided, for growth. */
const significance = 0.01;
const significanceOfHalf = 0.05;
/** Growth within the readings below this, and below this share of the whole, is of no consequence. */
const smallestGrowthBytes = 2 ** 20;
const smallestGrowthShare = 0.02;
/** What may have grown unseen without that `steady` is wrong. */
const hiddenGrowthShare = 0.05;
/** Slope of the last half, of the first half's: below it, what rose is on its way to an end. */
const slowedDown = 0.5;
/** Length at which half of the doubt about it is gone; with full collections at both ends, garbage is out of the question. */
const halfConvincingMs = { readings: 60_000, collected: 20_000 };

/**
 * Tells a leak from garbage, from noise and from warm-up, of readings in order of time (about one a second).
 *
 * Garbage makes memory rise until it is collected. So only the lowest reading of each of 12 to 30 stretches of time
 * counts: the floor. Its slope is Theil and Sen's, its trend is tested as Mann and Kendall do (see `trendOf`).
 * `growing`: the trend is significant at 1 %, the whole confidence interval of the slope is above zero, and what grew
 * is above 1 MiB and 2 %. Warm-up ends: the last half must rise by itself, and at least half as fast as the first one.
 * Garbage comes back: what grew must be more than the largest fall between two readings or, where memory was
 * collected at both ends, have grown there as well. `steady`: no trend, and the confidence interval leaves no room
 * for 5 % of growth within the readings. Everything else is `unclear`.
 *
 * The confidence is the product of the amount (length / (length + 60 s), 20 s with collections at both ends) and of how narrow
 * the interval is. Readings follow from each other, so that the test's own probability is no confidence.
 */
export function leakVerdict(
  readings: readonly MemoryReading[],
  { limitBytes, collected }: LeakOptions = {},
): LeakVerdict {
  const first = readings.at(0);
  const last = readings.at(-1);
  const lengthMs = first && last ? last.atMs - first.atMs : 0;
  const buckets = Math.min(mostBuckets, Math.floor(readings.length / readingsPerBucket));
  if (lengthMs < shortestMs || buckets < fewestBuckets) {
    return {
      ...unclear(
        `${readings.length} readings in ${Math.round(lengthMs / 1000)} s are too few, ${fewestBuckets * readingsPerBucket} in ${shortestMs / 1000} s are needed`,
      ),
      bytesPerMinute: 0,
      lowBytesPerMinute: 0,
      highBytesPerMinute: 0,
    };
  }
  const floor = floorOf(readings, buckets);
  const whole = trendOf(floor);
  const rates = {
    bytesPerMinute: whole.slope * 60_000,
    lowBytesPerMinute: whole.low * 60_000,
    highBytesPerMinute: whole.high * 60_000,
  };
  const levelBytes = Math.max(1, median(floor.map(({ bytes }) => bytes)));
  const grewBytes = whole.slope * lengthMs;
  const convincing = lengthMs / (lengthMs + halfConvincingMs[collected ? 'collected' : 'readings']);
  const rising = whole.probability < significance && whole.low > 0;
  const matters = grewBytes >= Math.max(smallestGrowthBytes, levelBytes * smallestGrowthShare);

  if (!rising || !matters) {
    const hidden = Math.max(0, whole.high) * lengthMs;
    const mayHideBytes = Math.max(smallestGrowthBytes, levelBytes * hiddenGrowthShare);
    if (hidden > mayHideBytes) return { ...unclear('it goes up and down too much to tell'), ...rates };
    const reason = rising ? 'it rises by too little to matter' : 'its floor does not rise';
    const confidence = convincing * (1 - 0.5 * Math.min(1, hidden / mayHideBytes));
    return { verdict: 'steady', confidence, reason, ...rates };
  }

  const doubt = doubtOf(readings, floor, grewBytes, collected);
  if (doubt !== undefined) return { ...doubt, confidence: doubt.confidence * convincing, ...rates };
  const narrow = 1 - Math.min(0.5, (whole.high - whole.low) / (4 * whole.slope));
  return {
    verdict: 'growing',
    confidence: convincing * narrow,
    reason: collected
      ? 'it rises from beginning to end, and full collections do not take it back'
      : 'its floor rises from beginning to end, and collections do not take it back',
    ...rates,
    ...(limitBytes === undefined
      ? {}
      : { untilLimitMs: Math.max(0, (limitBytes - (floor.at(-1)?.bytes ?? 0)) / whole.slope) }),
  };
}

type Judged = Pick<LeakVerdict, 'verdict' | 'confidence' | 'reason'>;

function unclear(reason: string): Judged {
  return { verdict: 'unclear', confidence: 0, reason };
}

/** Why what rose may not be a leak; undefined when it is one. */
function doubtOf(
  readings: readonly MemoryReading[],
  floor: readonly MemoryReading[],
  grewBytes: number,
  collected: LeakOptions['collected'],
): Judged | undefined {
  const middle = Math.floor(floor.length / 2);
  const early = trendOf(floor.slice(0, middle));
  const late = trendOf(floor.slice(middle));
  if (!stillRises(early, late)) {
    return late.high <= 0 || late.probability >= significanceOfHalf
      ? { verdict: 'steady', confidence: 0.7, reason: 'it rose at first and then no more: warm-up' }
      : unclear('it rises ever more slowly, as a cache that fills: look again later');
  }
  if (collected !== undefined) {
    const live = collected.after.bytes - collected.before.bytes;
    if (live < grewBytes / 4) {
      return {
        verdict: 'steady',
        confidence: 1,
        reason: 'what rose was garbage: full collections took it back',
      };
    }
    return undefined;
  }
  const fall = largestFall(readings);
  if (fall >= grewBytes) {
    return unclear('collections give back more at once than it grew: look for longer');
  }
  return undefined;
}

function stillRises(early: Trend, late: Trend): boolean {
  return (
    late.low > 0 &&
    late.probability < significanceOfHalf &&
    late.slope >= Math.max(0, early.slope) * slowedDown
  );
}

/** The lowest reading of each of `buckets` stretches of equal length; a stretch without one is left out. */
function floorOf(readings: readonly MemoryReading[], buckets: number): MemoryReading[] {
  const startMs = readings[0]?.atMs ?? 0;
  const stretchMs = ((readings.at(-1)?.atMs ?? 0) - startMs) / buckets;
  const lowest = new Map<number, MemoryReading>();
  for (const reading of readings) {
    const bucket = Math.min(buckets - 1, Math.floor((reading.atMs - startMs) / stretchMs));
    const known = lowest.get(bucket);
    if (known === undefined || reading.bytes < known.bytes) lowest.set(bucket, reading);
  }
  return [...lowest.values()];
}

function largestFall(readings: readonly MemoryReading[]): number {
  return readings.reduce(
    (most, { bytes }, at) => Math.max(most, (readings[at - 1]?.bytes ?? bytes) - bytes),
    0,
  );
}
