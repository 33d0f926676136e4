const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Rows, blocks, loops in a sentence: whole, with thousands apart. */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** The same in a narrow column, e.g. `1.24M`. */
export function formatCompact(value: number): string {
  return compact.format(value);
}

/** A share (0 to 1); never a 0 or 100 that is none. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return 'less than 0.1 %';
  if (percent > 99.9 && percent < 100) return 'over 99.9 %';
  return `${Number(percent.toFixed(percent < 10 || percent > 99 ? 1 : 0))} %`;
}

export function formatSize(bytes: number): string {
  const megabytes = bytes / 1024 ** 2;
  if (megabytes < 1) return `${Math.ceil(bytes / 1024)} kB`;
  return megabytes < 1024
    ? `${Number(megabytes.toPrecision(3))} MB`
    : `${Number((megabytes / 1024).toPrecision(3))} GB`;
}
