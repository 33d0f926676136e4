import { parseDurationMs } from '../../../shared/duration.ts';
import type { Pause } from '../waits.ts';

/** Reads `500ms` as a constant pause, `100ms-2s` as one that is drawn between both. Throws GaugewayError usage. */
export function parsePause(text: string): Pause {
  const [min = '', max, ...rest] = text.split('-');
  if (max === undefined || rest.length > 0) return { kind: 'constant', ms: parseDurationMs(text) };
  return { kind: 'between', minMs: parseDurationMs(min), maxMs: parseDurationMs(max) };
}
