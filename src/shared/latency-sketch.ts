/**
 * A mergeable quantile sketch with a bounded relative error (Masson, Rim, Lee: DDSketch, VLDB 2019):
 * bucket `i` holds the values in (γ^(i-1), γ^i], so that the bucket's midpoint 2·γ^i/(γ+1) is within
 * `relativeError` of every value in it. Merging adds counts, so percentiles are never averaged.
 * Values are microseconds; 0.5 % relative error covers 1 µs to 2 h in about 2,300 buckets.
 */
const relativeError = 0.005;
const gamma = (1 + relativeError) / (1 - relativeError);
const inverseLogGamma = 1 / Math.log(gamma);
const bucketCount = Math.ceil(Math.log(7.2e9) * inverseLogGamma) + 2;

/** A sketch as JSON: sparse `[bucket, count]` pairs flattened into one array, beside the exact moments. */
export interface SketchData {
  count: number;
  sumUs: number;
  minUs: number;
  maxUs: number;
  buckets: number[];
}

export class LatencySketch {
  count = 0;
  sumUs = 0;
  #minUs = Infinity;
  #maxUs = 0;
  readonly #buckets = new Float64Array(bucketCount);

  record(valueUs: number): void {
    const value = valueUs < 1 ? 1 : valueUs;
    const index = Math.min(bucketCount - 1, Math.ceil(Math.log(value) * inverseLogGamma));
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.count += 1;
    this.sumUs += valueUs;
    if (valueUs < this.#minUs) this.#minUs = valueUs;
    if (valueUs > this.#maxUs) this.#maxUs = valueUs;
  }

  merge(other: LatencySketch | SketchData): void {
    const data = other instanceof LatencySketch ? other.toJSON() : other;
    if (data.count === 0) return;
    for (let at = 0; at + 1 < data.buckets.length; at += 2) {
      const index = Math.min(bucketCount - 1, data.buckets[at] ?? 0);
      this.#buckets[index] = (this.#buckets[index] ?? 0) + (data.buckets[at + 1] ?? 0);
    }
    this.count += data.count;
    this.sumUs += data.sumUs;
    this.#minUs = Math.min(this.#minUs, data.minUs);
    this.#maxUs = Math.max(this.#maxUs, data.maxUs);
  }

  /** The value at quantile `q` (0..1) in microseconds by the nearest rank, exact at both ends; 0 when empty. */
  quantileUs(q: number): number {
    if (this.count === 0) return 0;
    if (q <= 0) return this.#minUs;
    if (q >= 1) return this.#maxUs;
    // The fewest values that hold the share q; a rounding error of the product must not ask for one more.
    const rank = Math.ceil(q * this.count - 1e-9) - 1;
    let seen = 0;
    for (let index = 0; index < bucketCount; index += 1) {
      seen += this.#buckets[index] ?? 0;
      if (seen > rank) {
        const midpoint = (2 * gamma ** index) / (gamma + 1);
        return Math.min(this.#maxUs, Math.max(this.#minUs, midpoint));
      }
    }
    return this.#maxUs;
  }

  /** The value at quantile `q` (0..1) in milliseconds, to the microsecond. */
  quantileMs(q: number): number {
    return Math.round(this.quantileUs(q)) / 1000;
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : Math.round(this.sumUs / this.count) / 1000;
  }

  get minMs(): number {
    return this.count === 0 ? 0 : Math.round(this.#minUs) / 1000;
  }

  get maxMs(): number {
    return Math.round(this.#maxUs) / 1000;
  }

  reset(): void {
    this.#buckets.fill(0);
    this.count = 0;
    this.sumUs = 0;
    this.#minUs = Infinity;
    this.#maxUs = 0;
  }

  toJSON(): SketchData {
    const buckets: number[] = [];
    if (this.count > 0) {
      for (let index = 0; index < bucketCount; index += 1) {
        const count = this.#buckets[index] ?? 0;
        if (count > 0) buckets.push(index, count);
      }
    }
    return {
      count: this.count,
      sumUs: this.sumUs,
      minUs: this.count === 0 ? 0 : this.#minUs,
      maxUs: this.#maxUs,
      buckets,
    };
  }

  static from(data: SketchData): LatencySketch {
    const sketch = new LatencySketch();
    sketch.merge(data);
    return sketch;
  }
}
