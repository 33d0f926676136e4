import { describe, expect, it } from 'vitest';
import { failureKind } from './failure-kind.ts';

describe('a kind of failure', () => {
  it('is the failure alone when the peer said nothing', () => {
    expect(failureKind('http 503', '')).toBe('http 503');
  });

  it.each([
    ['no route to 6f1c2a1e-0c1d-4b8e-9a55-0242ac120002', 'no route to #'],
    ['trace 4bf92f3577b34da6a3ce929d0e0e4736 failed', 'trace # failed'],
    ['order 1234567 is unknown', 'order # is unknown'],
    ['waited 30000.25 ms', 'waited # ms'],
    ['upstream answered 502 after 3 tries', 'upstream answered 502 after 3 tries'],
    ['a decade of facade', 'a decade of facade'],
    ['first line\n\tsecond\u0000line', 'first line second line'],
    ['invalid token=hunter2', 'invalid token=***'],
  ])('says of %j what does not differ from request to request', (words, kept) => {
    expect(failureKind('json-rpc -32000', words)).toBe(`json-rpc -32000: ${kept}`);
  });

  it('is short', () => {
    expect(failureKind('isError', 'no '.repeat(100))).toHaveLength('isError: '.length + 120);
  });
});
