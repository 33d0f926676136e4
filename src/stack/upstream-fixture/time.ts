import { GaugewayError } from '../../shared/errors.ts';
import { nowMs } from '../../shared/clock.ts';

/** The current time in an IANA time zone as RFC 3339, to the second. Throws GaugewayError invalid_params. */
export function systemTime(timezone: string): string {
  return inZone(nowMs(), timezone);
}

/**
 * `time` in `target`, as RFC 3339. A time without an offset is local to `source`. Throws GaugewayError
 * invalid_params for what is not a time or not a time zone.
 */
export function convertTime(time: string, source: string, target: string): string {
  const match = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/i.exec(time);
  const utcMs =
    match === null ? Number.NaN : Date.parse(match[1] === undefined ? `${time.replace(' ', 'T')}Z` : time);
  if (Number.isNaN(utcMs))
    throw new GaugewayError('invalid_params', `time ${JSON.stringify(time)} is not RFC 3339`);
  return inZone(match?.[1] === undefined ? utcMs - offsetMinutesAt(utcMs, source) * 60_000 : utcMs, target);
}

/** The offset in force when the clocks of `timezone` show `localMs`; asked twice, since it may change in between. */
function offsetMinutesAt(localMs: number, timezone: string): number {
  const guess = offsetMinutes(localMs, timezone);
  return offsetMinutes(localMs - guess * 60_000, timezone);
}

function inZone(utcMs: number, timezone: string): string {
  const minutes = offsetMinutes(utcMs, timezone);
  const local = new Date(utcMs + minutes * 60_000).toISOString().slice(0, 19);
  if (minutes === 0) return `${local}Z`;
  const absolute = Math.abs(minutes);
  return `${local}${minutes < 0 ? '-' : '+'}${twoDigits(absolute / 60)}:${twoDigits(absolute % 60)}`;
}

function twoDigits(value: number): string {
  return String(Math.trunc(value)).padStart(2, '0');
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetMinutes(utcMs: number, timezone: string): number {
  if (timezone === 'UTC') return 0;
  const name = format(timezone)
    .formatToParts(utcMs)
    .find((part) => part.type === 'timeZoneName')?.value;
  const match = /^GMT([+-])(\d\d):(\d\d)/.exec(name ?? '');
  if (match === null) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

/** Formatters are slow to make; there are only so many time zones. */
function format(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  try {
    const made = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
    formats.set(timezone, made);
    return made;
  } catch (cause) {
    const shown = JSON.stringify(timezone.slice(0, 100));
    throw new GaugewayError('invalid_params', `${shown} is not a time zone`, { cause });
  }
}
