const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const zone = String.raw`(?:\s?(Z|UTC|GMT|[+-]\d\d:?\d\d))?`;

type Read = (groups: string[], nowYear: number) => number;

/**
 * How programs begin their lines: ISO 8601 (also Python's comma and PostgreSQL's zone name), nginx and Go, Redis and the
 * common log format, syslog. A time without a zone is this machine's.
 */
const formats: readonly [RegExp, Read][] = [
  [
    new RegExp(String.raw`^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?${zone}`),
    ([year, month, day, hour, minute, second, fraction, offset]) =>
      instant(year, Number(month) - 1, day, hour, minute, second, fraction, offset),
  ],
  [
    new RegExp(
      String.raw`^(\d{1,2})[ /]([A-Z][a-z]{2})[ /](\d{4})[ :](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?${zone}`,
    ),
    ([day, month = '', year, hour, minute, second, fraction, offset]) =>
      instant(year, months.indexOf(month.toLowerCase()), day, hour, minute, second, fraction, offset),
  ],
  [
    /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)/,
    ([month = '', day, hour, minute, second], nowYear) =>
      instant(String(nowYear), months.indexOf(month.toLowerCase()), day, hour, minute, second, '', undefined),
  ],
];

/** What may stand before the time: a bracket, the name of the field, or Redis' process id and role. */
const before = /^(?:\[|(?:time|ts|timestamp)=["']?|\d+:[XCSM] )?/;
/** The longest of all formats. */
const longest = 60;

/** The time that a line begins with, and what follows it; undefined when it begins with none. */
export function readLeadingTime(line: string): { atMs: number; rest: string } | undefined {
  const head = line.slice(0, longest);
  const skipped = before.exec(head)?.[0].length ?? 0;
  for (const [pattern, read] of formats) {
    const match = pattern.exec(head.slice(skipped));
    if (match === null) continue;
    const atMs = read(match.slice(1), new Date().getFullYear());
    if (!Number.isFinite(atMs)) return undefined;
    return {
      atMs,
      rest: line.slice(skipped + match[0].length).replace(/^[\]"']?\s*(?:[-|]\s+(?!\d+:))?/, ''),
    };
  }
  return undefined;
}

/** A time in a field: a text, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970. */
export function timeOfField(value: unknown): number | null {
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string') return null;
  if (/^\d+(\.\d+)?$/.test(value)) return fromEpoch(Number(value));
  return readLeadingTime(value)?.atMs ?? null;
}

/** Seconds have ten digits until the year 2286. */
function fromEpoch(value: number): number | null {
  if (!(value > 1e8)) return null;
  const unit = [1e11, 1e14, 1e17].findIndex((limit) => value < limit);
  return value * ([1000, 1, 1e-3][unit] ?? 1e-6);
}

function instant(
  year: string | undefined,
  month: number,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
  offset: string | undefined,
): number {
  const parts = [Number(year), month, Number(day), Number(hour), Number(minute), Number(second)] as const;
  const ms = fraction ? Number(`0.${fraction}`) * 1000 : 0;
  if (offset === undefined) return new Date(...parts).getTime() + ms;
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? [];
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return Date.UTC(...parts) + ms - offsetMs;
}
