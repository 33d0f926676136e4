import { GaugewayError } from './errors.ts';

const unitMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of `30s`, `1m30s`, `1h20m`, `500ms`, or of plain seconds (`30`), as Locust writes them.
 * Throws GaugewayError usage.
 */
export function parseDurationMs(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    throw new GaugewayError('usage', `not a duration: '${text}' (write 30s, 1m30s or 500ms)`);
  }
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (total, [, amount = '0', unit = 's']) => total + Number(amount) * (unitMs[unit] ?? 1000),
    0,
  );
}

/** The longest time that a timer of Node can wait, about 24 days; a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** As {@link parseDurationMs}, for a time that is waited for: at most {@link longestTimerMs}. */
export function parseWaitMs(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs <= longestTimerMs) return durationMs;
  throw new GaugewayError('usage', `'${text}' is too long: at most ${formatDurationMs(longestTimerMs)}`);
}

/** `1h20m`, `1m30s`, `5s`, `250ms`: the shortest way to say it, rounded to whole seconds from one second on. */
export function formatDurationMs(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)}ms`;
  const seconds = Math.round(durationMs / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ];
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join('');
}
