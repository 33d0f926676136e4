import { GaugewayError } from '../../shared/errors.ts';
import { boundedFrames } from './profile-builder.ts';

const mostBytes = 64 * 1024 * 1024;
/** A message of two bytes becomes an object of a hundred. */
const mostMessages = 4_000_000;
/** Fields of `profile.proto`: what a profile consists of, and what is a message or a list in that. */
const sampleField = 2;
const locationIds = 1;
const values = 2;
const nestedIn = new Map([
  [sampleField, 3],
  [4, 4],
]);
const varint = 0;
const lengthDelimited = 2;
/** Bytes of a value of the other wire types. */
const fixedBytes = new Map([
  [1, 8],
  [5, 4],
]);

/** A field of a message: the bytes of what has a length, none of numbers. */
interface Field {
  number: number;
  wireType: number;
  from: number;
  to: number;
}

/**
 * Throws GaugewayError source_unreadable for a pprof profile whose decoded form would exhaust memory: too many messages
 * or numbers. Looks at tags and lengths only; what is malformed is left for the decoder to tell.
 */
export function requireUsableSize(bytes: Uint8Array, name: string): void {
  if (bytes.length > mostBytes) throw tooLarge(name, `more than ${mostBytes / 1024 ** 2} MiB`);
  let messages = 0;
  const countFrames = boundedFrames(name);
  for (const field of fieldsIn(bytes, 0, bytes.length)) {
    if (field.wireType !== lengthDelimited) continue;
    messages += 1;
    const inner = nestedIn.get(field.number);
    if (inner === undefined) continue;
    const numbers = new Map([
      [locationIds, 0],
      [values, 0],
    ]);
    for (const part of fieldsIn(bytes, field.from, field.to)) {
      if (part.number === inner) messages += 1;
      const known = field.number === sampleField ? numbers.get(part.number) : undefined;
      if (known !== undefined) numbers.set(part.number, known + numbersIn(bytes, part));
    }
    for (const count of numbers.values()) countFrames(count);
    if (messages > mostMessages)
      throw tooLarge(name, `more than ${mostMessages} samples, functions and labels`);
  }
}

/** Of a packed list as many as bytes that end one. */
function numbersIn(bytes: Uint8Array, { wireType, from, to }: Field): number {
  if (wireType !== lengthDelimited) return 1;
  let count = 0;
  for (let at = from; at < to; at += 1) if ((bytes[at] ?? 0) < 128) count += 1;
  return count;
}

function* fieldsIn(bytes: Uint8Array, start: number, end: number): Generator<Field> {
  let at = start;
  const read = (): number => {
    let value = 0;
    for (let factor = 1; at < end; factor *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < end) {
    const tag = read();
    const wireType = tag % 8;
    const number = Math.floor(tag / 8);
    const length =
      wireType === lengthDelimited || wireType === varint ? read() : (fixedBytes.get(wireType) ?? end);
    const size = wireType === varint ? 0 : length;
    yield { number, wireType, from: at, to: Math.min(end, at + size) };
    at += size;
  }
}

function tooLarge(name: string, what: string): GaugewayError {
  return new GaugewayError('source_unreadable', `${name} is a pprof profile of ${what}`);
}
