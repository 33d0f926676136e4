import type { SeriesEvent } from './events.ts';

/** A time in which one source could not be read. */
export interface GapSpan {
  source: string;
  target: string;
  /** When it was read last; when it was first tried, if it never was before. */
  startMs: number;
  /** When it was read again, or another took its place; the end of the run if neither happened. */
  endMs: number;
  /** The last reason that was given. */
  error: string;
}

/** The times in which sources could not be read, in order. What does not apply is no gap. Pure. */
export function gapSpans(events: readonly SeriesEvent[]): GapSpan[] {
  const spans: GapSpan[] = [];
  const open = new Map<string, GapSpan>();
  const lastReadMs = new Map<string, number>();
  let endMs = 0;
  const close = (key: string, atMs: number): void => {
    const span = open.get(key);
    if (span !== undefined) span.endMs = atMs;
    open.delete(key);
  };
  for (const event of inOrder(events)) {
    endMs = Math.max(endMs, event.atMs);
    if (event.kind !== 'sample' && event.kind !== 'gap') continue;
    const { source, target, atMs } = event;
    const key = `${source}\n${target}`;
    if (event.kind === 'sample') {
      close(key, atMs);
      if (!lastReadMs.has(key)) {
        // A process with another id that begins in the gap of one of the same name took its place.
        for (const [other, span] of open) if (sameName(span, event)) close(other, atMs);
      }
      lastReadMs.set(key, atMs);
    } else if (event.notApplicable !== true) {
      const span = open.get(key);
      if (span !== undefined) span.error = event.error;
      else {
        const started = {
          source,
          target,
          startMs: lastReadMs.get(key) ?? atMs,
          endMs: atMs,
          error: event.error,
        };
        spans.push(started);
        open.set(key, started);
      }
    }
  }
  for (const span of open.values()) span.endMs = endMs;
  return spans;
}

type Momentary = Extract<SeriesEvent, { atMs: number }>;

/** Samples of the load come from another process, and later than their time. */
function inOrder(events: readonly SeriesEvent[]): Momentary[] {
  return events.filter((event): event is Momentary => 'atMs' in event).toSorted((a, b) => a.atMs - b.atMs);
}

function sameName(
  one: { source: string; target: string },
  other: { source: string; target: string },
): boolean {
  return one.source === other.source && nameOf(one.target) === nameOf(other.target);
}

function nameOf(target: string): string {
  return target.replace(/ \(pid \d+\)$/, '');
}
