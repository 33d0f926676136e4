import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { GaugewayError } from '../../../shared/errors.ts';

/**
 * Parses YAML, with the lines of its parts. `source` is where it came from, for the message. Its `toJS` expands aliases a
 * bounded number of times (the library's own limit). Throws GaugewayError usage with the line of the first mistake.
 */
export function parseYaml(source: string, text: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault === undefined) return { document, lines };
  const { line } = lines.linePos(fault.pos[0]);
  throw new GaugewayError('usage', `${source}:${line}: ${fault.message.split('\n', 1)[0]}`, { cause: fault });
}
