import { type KnownSignature, signatureOf } from './known-signatures.ts';
import type { LogEntry } from './log-entry.ts';

/** What of a stack is looked at. */
const searchedLength = 4096;

/** The known signature of an entry, in its text or its stack; undefined when it has none. */
export function signatureOfEntry({ text, stack }: LogEntry): KnownSignature | undefined {
  return signatureOf(stack === null ? text : `${text}\n${stack.slice(0, searchedLength)}`);
}
