/** More series than this are cut off: a target must not be able to fill the lab's memory. */
const maxSeries = 5000;

/**
 * Reads Prometheus' text exposition format: value by `name{label="value"}` as exposed. Buckets of histograms and
 * values that are no finite number are left out, as are lines that are no sample.
 */
export function parsePrometheusText(text: string): Record<string, number> {
  const metrics: [string, number][] = [];
  for (const line of text.split('\n')) {
    if (metrics.length >= maxSeries) break;
    const match = /^([a-zA-Z_:][\w:]*)(\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?[ \t]+(\S+)/.exec(line);
    const [, name = '', labels = '', raw = ''] = match ?? [];
    if (name === '' || name.endsWith('_bucket')) continue;
    const value = Number(raw);
    if (Number.isFinite(value)) metrics.push([`${name}${labels}`, value]);
  }
  return Object.fromEntries(metrics);
}
