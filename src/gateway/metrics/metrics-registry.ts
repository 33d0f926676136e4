import { metricKeys, metricTable, overflowLabel } from './metric-table.ts';
import type { MetricKey, MetricSpec } from './metric-table.ts';

/** Values of the labels in the order of the table, and the sample. */
export type Sample = [labels: readonly string[], value: number];

/** A histogram with fixed buckets; recording costs one search in a short array. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(seconds: number): void {
    let bucket = 0;
    while (seconds > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** Lines of the exposition; `pairs` are its own labels. */
  render(name: string, pairs: readonly string[]): string[] {
    let seen = 0;
    const buckets = [...this.#bounds, '+Inf'].map((bound, index) => {
      seen += this.#counts[index] ?? 0;
      return `${name}_bucket${braced([...pairs, `le="${bound}"`])} ${seen}`;
    });
    return [...buckets, `${name}_sum${braced(pairs)} ${this.#sum}`, `${name}_count${braced(pairs)} ${seen}`];
  }
}

/** The metrics of one gateway: each is counted here, or read from its owner when somebody asks. */
export class MetricsRegistry {
  readonly #readers = new Map<MetricKey, () => readonly Sample[]>();
  readonly #counters = new Map<MetricKey, Map<string, { labels: readonly string[]; value: number }>>();
  readonly #histograms = new Map<MetricKey, Map<string, { labels: readonly string[]; value: Histogram }>>();

  /** The counter of these labels; keep it where counting is frequent, adding to `value` is all it takes. */
  counter(key: MetricKey, ...labels: string[]): { value: number } {
    return seriesOf(this.#counters, key, labels, () => ({ labels, value: 0 }));
  }

  /** The histogram of these labels, or the one for all that are too many; keep it where recording is frequent. */
  histogram(key: MetricKey, ...labels: string[]): Histogram {
    const { bounds = [], maxSeries = Infinity, labels: names }: MetricSpec = metricTable[key];
    const kept = this.#histograms.get(key);
    const isFull = kept !== undefined && kept.size >= maxSeries && !kept.has(labels.join('\0'));
    const own = isFull ? names.map((name) => (name === overflowLabel ? 'true' : '')) : labels;
    return seriesOf(this.#histograms, key, own, () => ({ labels: own, value: new Histogram(bounds) })).value;
  }

  /** Forgets what was counted with `label` as the first one: its owner is gone, or never came to be. */
  forget(label: string, ...keys: MetricKey[]): void {
    for (const key of keys) {
      for (const all of [this.#counters.get(key), this.#histograms.get(key)]) {
        for (const [id, { labels }] of all ?? []) if (labels[0] === label) all?.delete(id);
      }
    }
  }

  /** Reads the metric from its owner at each scrape. */
  read(key: MetricKey, reader: () => number | readonly Sample[]): void {
    this.#readers.set(key, () => {
      const value = reader();
      return typeof value === 'number' ? [[[], value]] : value;
    });
  }

  /** Text exposition format, version 0.0.4. */
  render(): string {
    const lines: string[] = [];
    for (const key of metricKeys) {
      const spec: MetricSpec = metricTable[key];
      lines.push(`# HELP ${spec.name} ${spec.help}`, `# TYPE ${spec.name} ${spec.kind}`);
      for (const { labels, value } of this.#histograms.get(key)?.values() ?? []) {
        lines.push(...value.render(spec.name, labelPairs(spec, labels)));
      }
      for (const [labels, value] of this.#samples(key)) {
        lines.push(`${spec.name}${braced(labelPairs(spec, labels))} ${value}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }

  #samples(key: MetricKey): readonly Sample[] {
    const counted = [...(this.#counters.get(key)?.values() ?? [])];
    return [
      ...counted.map(({ labels, value }): Sample => [labels, value]),
      ...(this.#readers.get(key)?.() ?? []),
    ];
  }
}

function seriesOf<T>(
  all: Map<MetricKey, Map<string, T>>,
  key: MetricKey,
  labels: readonly string[],
  create: () => T,
): T {
  let byLabels = all.get(key);
  if (byLabels === undefined) all.set(key, (byLabels = new Map<string, T>()));
  const id = labels.join('\0');
  let series = byLabels.get(id);
  if (series === undefined) byLabels.set(id, (series = create()));
  return series;
}

function labelPairs(spec: MetricSpec, labels: readonly string[]): string[] {
  return spec.labels.flatMap((label, index) => {
    const value = labels[index] ?? '';
    return value === '' ? [] : [`${label}="${escapeLabel(value)}"`];
  });
}

function braced(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
