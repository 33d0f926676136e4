import { describe, expect, test } from 'vitest';
import { parseAccessLine } from './parse-access-line.ts';
import { parseStubStatus } from './stub-status.ts';

const head =
  '10.0.0.1 - - [28/Nov/2026:01:51:07 +0100] "GET /mcp?x=\\"1\\" HTTP/1.1" 502 12 "-" "curl/8 (a b)"';
const atMs = Date.parse('2026-11-28T00:51:07Z');

describe('a line of an access log', () => {
  test('in the combined format: no times, and nothing of upstreams', () => {
    expect(parseAccessLine(head)).toEqual({
      atMs,
      status: 502,
      requestMs: null,
      upstreams: [],
      tellsUpstream: false,
    });
  });

  test('with the times behind it, and every try at an upstream', () => {
    const line = `${head} rt=0.123 uct="0.001, 0.002" urt="0.020, 0.100" ua="a:1, b:2" us="504, 502"`;
    expect(parseAccessLine(line)).toEqual({
      atMs,
      status: 502,
      requestMs: 123,
      upstreams: [
        { address: 'a:1', responseMs: 20, connectMs: 1, status: 504 },
        { address: 'b:2', responseMs: 100, connectMs: 2, status: 502 },
      ],
      tellsUpstream: true,
    });
  });

  test('that no upstream was asked for', () => {
    expect(parseAccessLine(`${head} rt=0.000 urt="-" ua="-" us="-"`)).toMatchObject({
      upstreams: [],
      tellsUpstream: true,
    });
  });

  test('by the names of the variables, in JSON', () => {
    const line = JSON.stringify({
      time_iso8601: '2026-11-28T00:51:07Z',
      status: 200,
      request_time: '0.005',
      upstream_response_time: '0.004',
      upstream_addr: 'unix:/run/gateway.sock',
    });
    expect(parseAccessLine(line)).toMatchObject({
      atMs,
      status: 200,
      requestMs: 5,
      upstreams: [{ address: 'unix:/run/gateway.sock', responseMs: 4 }],
    });
  });

  test.for(['', 'not a line', '{"status":', '{"status": 9}', 'a=1 b=2'])('that is none: %s', (line) => {
    expect(parseAccessLine(line)).toBeUndefined();
  });
});

test('stub_status is read as nginx writes it, and nothing else is', () => {
  expect(
    parseStubStatus(
      'Active connections: 2 \nserver accepts handled requests\n 9 8 31 \nReading: 0 Writing: 1 Waiting: 1 \n',
    ),
  ).toEqual({ active: 2, accepts: 9, handled: 8, requests: 31, reading: 0, writing: 1, waiting: 1 });
  expect(parseStubStatus('<html>')).toBeUndefined();
});
