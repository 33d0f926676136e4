import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { parseJson } from '../parse-json.ts';
import type { JsonValue } from './json-value.ts';

/** How often aliases may be used, those within them multiplied: a few lines of them can say a billion values. */
const maxAliasCount = 100;

/** What a text of YAML says as JSON, and where its parts stand. */
export interface ParsedYaml {
  value: JsonValue;
  document: Document;
  lines: LineCounter;
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
      return { value: parseJson(JSON.stringify(document.toJS({ maxAliasCount }))), document, lines };
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
