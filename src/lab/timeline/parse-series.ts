import type { SeriesEvent } from './events.ts';
import { sources } from './samples.ts';

export interface ParsedSeries {
  events: SeriesEvent[];
  /** Lines cut off by a kill, and events of a kind or source that this version does not know. */
  skippedLines: number;
}

const knownKinds = {
  settings: true,
  phase: true,
  step: true,
  sample: true,
  gap: true,
  clock: true,
  profile: true,
  plan: true,
} satisfies Record<SeriesEvent['kind'], true>;

/** Reads NDJSON tolerantly: what cannot be read is counted, never fatal, so that every run can be opened. */
export function parseSeries(text: string): ParsedSeries {
  const events: SeriesEvent[] = [];
  let skippedLines = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const event = parseLine(line);
    if (event) events.push(event);
    else skippedLines += 1;
  }
  return { events, skippedLines };
}

function parseLine(line: string): SeriesEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return isSeriesEvent(value) ? value : undefined;
}

/** A bundle is our own format: the kind is what versions differ in, the fields follow from it. */
export function isSeriesEvent(value: unknown): value is SeriesEvent {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  if (typeof value.kind !== 'string' || !Object.hasOwn(knownKinds, value.kind)) return false;
  if (value.kind !== 'sample') return true;
  return 'source' in value && typeof value.source === 'string' && Object.hasOwn(sources, value.source);
}
