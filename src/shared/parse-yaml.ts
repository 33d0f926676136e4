import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { GaugewayError, messageOf } from './errors.ts';

/** How often aliases may be used, those within them multiplied: a few lines of them can say a billion values. */
const maxAliasCount = 100;

/** What a text of YAML says as JSON, and where its parts stand. */
export interface ParsedYaml {
  value: unknown;
  /** The line of the innermost part of a place that the text has; undefined when it has none of it. */
  lineOf: (at: readonly (string | number)[]) => number | undefined;
}

/**
 * Parses YAML. `source` is where it came from, for the message. Throws GaugewayError usage with the line of the first
 * mistake, and for aliases that lead nowhere, to themselves or to too much.
 */
export function parseYaml(source: string, text: string): ParsedYaml {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines });
    const [fault] = document.errors;
    if (fault === undefined) {
      const value: unknown = JSON.parse(JSON.stringify(document.toJS({ maxAliasCount })));
      return { value, lineOf: (at) => lineOf(document, at, lines) };
    }
    const { line } = lines.linePos(fault.pos[0]);
    throw new GaugewayError('usage', `${source}:${line}: ${fault.message.split('\n', 1)[0]}`, {
      cause: fault,
    });
  } catch (cause) {
    // A wrong alias, one too many, a circle, and a nesting that is too deep for the stack.
    if (!(cause instanceof RangeError || cause instanceof TypeError || cause instanceof ReferenceError)) {
      throw cause;
    }
    throw new GaugewayError('usage', `${source}: ${messageOf(cause).split('\n', 1)[0]}`, { cause });
  }
}

function lineOf(
  document: Document,
  at: readonly (string | number)[],
  lines: LineCounter,
): number | undefined {
  for (let depth = at.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(at.slice(0, depth), true);
    if (typeof node !== 'object' || node === null || !('range' in node)) continue;
    const { range } = node;
    if (Array.isArray(range) && typeof range[0] === 'number') return lines.linePos(range[0]).line;
  }
  return undefined;
}
