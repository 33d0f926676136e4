const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const significant = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** A count in at most six characters: whole below 10,000, then three digits as in `12.3K`, `4.56M` or `7.8B`. */
export function formatCount(count: number): string {
  return Math.abs(count) < 10_000 ? String(Math.round(count)) : compact.format(count);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes in the unit that fits, in at most seven characters, e.g. `8 KiB`, `977 KiB` or `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let at = 0;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${value.toFixed(value < 10 && at > 0 && value % 1 !== 0 ? 1 : 0)} ${units[at]}`;
}

/** Seconds as an age, below 100 without a unit: `0.4`, `12`, `3m05s`, `2h10m`, `5d`. */
export function formatAgeS(seconds: number): string {
  if (seconds < 10) return seconds.toFixed(1);
  const whole = Math.round(seconds);
  if (whole < 100) return String(whole);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d`;
}

/** Milliseconds in three digits with their unit, e.g. `0.12 ms`, `340 ms` or `12.5 s`. */
export function formatTimeMs(ms: number): string {
  return ms < 1000 ? `${significant.format(ms)} ms` : `${significant.format(ms / 1000)} s`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** As {@link formatAgeS}, always with a unit. */
export function ageWords(seconds: number): string {
  return seconds < 100 ? `${formatAgeS(seconds)} s` : formatAgeS(seconds);
}
