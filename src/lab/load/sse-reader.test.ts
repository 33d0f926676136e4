import { expect, it } from 'vitest';
import { SseReader } from './sse-reader.ts';

function read(chunks: (string | Buffer)[]): string[] {
  const seen: string[] = [];
  const reader = new SseReader((data) => seen.push(data));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return seen;
}

it.each([
  ['one event', ['data: a\n\n'], ['a']],
  ['no space after the colon', ['data:a\n\n'], ['a']],
  ['several data lines', ['data: a\ndata: b\n\n'], ['a\nb']],
  ['comments, names and ids between', [': hi\nevent: message\nid: 7\ndata: a\n\n'], ['a']],
  ['CRLF, also cut in two', ['data: a\r\n\r', '\ndata: b\r\n\r\n'], ['a', 'b']],
  ['a line cut in two', ['da', 'ta: lo', 'ng\n', '\n'], ['long']],
  ['an event without data', ['event: ping\n\ndata: a\n\n'], ['a']],
  ['an event that never ends', ['data: a\n'], []],
])('reads %s', (_title, chunks, expected) => {
  expect(read(chunks)).toEqual(expected);
});

it('reads a character cut in two', () => {
  const bytes = Buffer.from('data: é\n\n');
  expect(read([bytes.subarray(0, 7), bytes.subarray(7)])).toEqual(['é']);
});
