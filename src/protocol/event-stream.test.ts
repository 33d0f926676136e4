import { describe, expect, test } from 'vitest';
import { EventStreamParser, messageEvent } from './event-stream.ts';

function parse(stream: string, chunkLength: number): string[] {
  const parser = new EventStreamParser(10_000);
  const chunks = stream.match(new RegExp(`[^]{1,${chunkLength}}`, 'g')) ?? [];
  return chunks.flatMap((chunk) => parser.push(chunk));
}

describe('messages are found', () => {
  const stream = [
    '\uFEFF: a comment\n\n',
    'event: message\nid: 1\ndata: {"a":1}\n\n',
    'data:{"b":2}\r\n\r\n',
    'data: {"c":\rdata: 3}\r\r',
    'event: ping\ndata: not ours\n\n',
    'retry: 10\n\n',
    'id: 2\ndata:\n\n',
    'data: {"d":"é😀"}\n\n',
    'data: {"unfinished":true}\n',
  ].join('');

  test.each([1, 2, 3, 7, 1_000])('however the stream is cut, here every %i characters', (chunkLength) => {
    expect(parse(stream, chunkLength)).toEqual(['{"a":1}', '{"b":2}', '{"c":\n3}', '{"d":"é😀"}']);
  });
});

test('an event without an end is bounded', () => {
  const parser = new EventStreamParser(100);
  const push = () => {
    for (let lines = 0; lines < 100; lines += 1) parser.push('data: xxxxxxxxxx\n');
  };
  expect(push).toThrow(expect.objectContaining({ code: 'upstream_invalid' }));
});

describe('the work grows with the length of the stream, not with its square, which would not end here', () => {
  test('when it is all line ends', () => {
    const parser = new EventStreamParser(10_000);
    expect(parser.push('\n'.repeat(4_000_000) + 'data: {}\n\n')).toEqual(['{}']);
  });

  test('when a line comes in many pieces', () => {
    const parser = new EventStreamParser(2_000_000);
    parser.push('data: ');
    for (let pieces = 0; pieces < 1_000_000; pieces += 1) parser.push('x');
    expect(parser.push('\n\n')).toEqual(['x'.repeat(1_000_000)]);
  });
});

test('a data line that is empty counts towards the bound, too', () => {
  const parser = new EventStreamParser(1_000);
  expect(() => parser.push('data\n'.repeat(300))).toThrow(
    expect.objectContaining({ code: 'upstream_invalid' }),
  );
});

test('what is written can be read again, line breaks between tokens included', () => {
  const json = '{\r\n"a":\n1}';
  const [read] = parse(messageEvent(json), 1_000);
  expect(JSON.parse(read ?? '')).toEqual({ a: 1 });
});
