import { GaugewayError } from '../../shared/errors.ts';

const mostBytes = 64 * 1024 * 1024;
/** A message of two bytes becomes an object of a hundred: what is decoded of these fits into an ordinary heap. */
const mostMessages = 4_000_000;
/** Fields of `profile.proto` that are messages with messages of their own: samples with labels, locations with lines. */
const nestedIn = new Map([
  [2, 3],
  [4, 4],
]);
const lengthDelimited = 2;
/** Bytes of a value by wire type, where it is not a varint. */
const fixedBytes = new Map([
  [1, 8],
  [5, 4],
]);

/**
 * Throws GaugewayError source_unreadable for a pprof profile whose decoded form would exhaust memory. Looks at tags and
 * lengths only; what is malformed is left for the decoder to tell.
 */
export function requireUsableSize(bytes: Uint8Array, name: string): void {
  if (bytes.length > mostBytes) throw tooLarge(name, `more than ${mostBytes / 1024 ** 2} MiB`);
  let messages = 0;
  for (const { field, from, to } of messagesIn(bytes, 0, bytes.length)) {
    messages += 1;
    const inner = nestedIn.get(field);
    if (inner !== undefined)
      for (const each of messagesIn(bytes, from, to)) if (each.field === inner) messages += 1;
    if (messages > mostMessages)
      throw tooLarge(name, `more than ${mostMessages} samples, functions and labels`);
  }
}

function* messagesIn(
  bytes: Uint8Array,
  start: number,
  end: number,
): Generator<{ field: number; from: number; to: number }> {
  let at = start;
  const varint = (): number => {
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
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === lengthDelimited) {
      const length = varint();
      yield { field: Math.floor(tag / 8), from: at, to: Math.min(end, at + length) };
      at += length;
    } else if (wireType === 0) varint();
    else at += fixedBytes.get(wireType) ?? end;
  }
}

function tooLarge(name: string, what: string): GaugewayError {
  return new GaugewayError('source_unreadable', `${name} is a pprof profile of ${what}`);
}
