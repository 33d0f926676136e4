import { describe, expect, test } from 'vitest';
import { modernVersion, protocolVersionKey, withEnvelope } from './modern/envelope.ts';
import { parseTraceparent, traceHeaders, withTraceContext } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const theirs = `00-${traceId}-${spanId}-01`;
const ours = `00-${traceId}-b7ad6b7169203331-01`;

describe('parseTraceparent', () => {
  test('reads trace, parent and whether it is recorded', () => {
    expect(parseTraceparent(theirs)).toEqual({ traceId, spanId, sampled: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false);
    expect(parseTraceparent(`cc-${traceId}-${spanId}-03-more`)).toEqual({ traceId, spanId, sampled: true });
  });

  test.for([
    undefined,
    7,
    '',
    theirs.toUpperCase(),
    `${theirs}-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `${theirs}, ${theirs}`,
  ])('takes %j for none', (value) => {
    expect(parseTraceparent(value)).toBeUndefined();
  });
});

test('headers of a context are passed on as they came, and only with a valid parent', () => {
  const headers = { traceparent: theirs, tracestate: 'a=1', baggage: 'k=v', cookie: 'secret' };
  expect(traceHeaders(headers)).toEqual({ traceparent: theirs, tracestate: 'a=1', baggage: 'k=v' });
  expect(traceHeaders({ ...headers, traceparent: 'junk' })).toBeUndefined();
  expect(traceHeaders({ cookie: 'secret' })).toBeUndefined();
});

describe('withTraceContext', () => {
  test('adds what is missing, and leaves every other byte alone', () => {
    const context = { traceparent: ours, tracestate: 'a=1', baggage: 'k=v' };
    const members = `"traceparent":"${ours}","tracestate":"a=1","baggage":"k=v"`;
    expect(withTraceContext('{"n":1.0, "name":"x"}', 'none', context)).toBe(
      `{"_meta":{${members}},"n":1.0, "name":"x"}`,
    );
    expect(withTraceContext('{}', 'none', context)).toBe(`{"_meta":{${members}}}`);
    expect(withTraceContext('{"a":{"_meta":1},"_meta":{ "p" : 1e2 }}', 'other', context)).toBe(
      `{"a":{"_meta":1},"_meta":{${members}, "p" : 1e2 }}`,
    );
  });

  test('replaces the parent in its place, also one that came twice or in disguise', () => {
    const params = `{"_meta":{"traceparent":"${theirs}","x":9007199254740993,"trace\\u0070arent":0,"tracestate":"a=1"}}`;
    expect(withTraceContext(params, 'other', { traceparent: ours, tracestate: 'b=2' })).toBe(
      `{"_meta":{"traceparent":"${ours}","x":9007199254740993,"trace\\u0070arent":"${ours}","tracestate":"b=2"}}`,
    );
  });

  test('leaves no state behind that belongs to another parent, but the baggage', () => {
    const params = '{"_meta":{"tracestate":"a=1","baggage":"k=v"}}';
    expect(withTraceContext(params, 'other', { traceparent: ours })).toBe(
      `{"_meta":{"traceparent":"${ours}","tracestate":"","baggage":"k=v"}}`,
    );
  });

  test('goes into the last of two _meta, as the envelope does, since receivers read that', () => {
    const params = withTraceContext('{"_meta":{"a":1},"_meta":{"b":2}}', 'other', { traceparent: ours });
    expect(params).toBe(`{"_meta":{"a":1},"_meta":{"traceparent":"${ours}","b":2}}`);
    const enveloped: unknown = JSON.parse(withEnvelope(params, 'other', { name: 'test', version: '1' }));
    expect(enveloped).toMatchObject({ _meta: { traceparent: ours, [protocolVersionKey]: modernVersion } });
  });

  test('does not touch a _meta that is no object', () => {
    expect(withTraceContext('{"_meta":[1]}', 'other', { traceparent: ours })).toBe('{"_meta":[1]}');
  });
});
