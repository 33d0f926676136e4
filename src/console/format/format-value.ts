import type { ChartUnit } from '../../lab/timeline/charts.ts';

const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** At most three significant digits below 1,000, whole numbers above. */
export function formatNumber(value: number): string {
  return Math.abs(value) >= 1000 ? whole.format(value) : significant.format(value);
}

export function formatMs(ms: number): string {
  return ms >= 10_000 ? `${formatNumber(ms / 1000)} s` : `${formatNumber(ms)} ms`;
}

/** A dash for what is not known. */
export function formatKnown(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value);
}

export function formatShare(share: number): string {
  return `${formatNumber(share * 100)} %`;
}

export function formatBytes(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes >= 1024 ? `${formatNumber(mebibytes / 1024)} GiB` : `${formatNumber(mebibytes)} MiB`;
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** A tick of a chart's axis, which has little room, e.g. `4.8M`; the unit stands in the chart's title. */
export function formatTick(value: number, unit: ChartUnit): string {
  if (unit === 'ratio') return formatShare(value);
  return unit === 'bytes' || unit === 'bytes per second' ? formatBytes(value) : compact.format(value);
}

/** Minutes and seconds since the run began, e.g. `1:05`. */
export function formatClock(seconds: number): string {
  const rounded = Math.round(seconds);
  return `${Math.floor(rounded / 60)}:${String(Math.abs(rounded % 60)).padStart(2, '0')}`;
}

const chartFormats: Record<ChartUnit, (value: number) => string> = {
  users: formatNumber,
  connections: formatNumber,
  'per second': (value) => `${formatNumber(value)} /s`,
  'rows per second': (value) => `${formatNumber(value)} /s`,
  ms: formatMs,
  s: (value) => `${formatNumber(value)} s`,
  'percent of a core': (value) => `${formatNumber(value)} %`,
  ratio: formatShare,
  bytes: formatBytes,
  'bytes per second': (value) => `${formatBytes(value)}/s`,
  'ms per second': (value) => `${formatMs(value)} /s`,
};

/** A value of a chart with its unit. */
export function formatChartValue(value: number, unit: ChartUnit): string {
  return chartFormats[unit](value);
}
