import { expect, test } from 'vitest';
import { TraceContext } from './trace-context.ts';

test('every request has a sampled trace of its own', () => {
  const headersOf = new TraceContext('run').of('scenario');
  const parents = Array.from({ length: 10_000 }, () => headersOf('step').traceparent);
  for (const parent of parents) expect(parent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(new Set(parents.map((parent) => parent.slice(3, 35))).size).toBe(parents.length);
  expect(new Set(parents.map((parent) => parent.slice(36, 52))).size).toBe(parents.length);
});

test('two processes of one load have different traces', () => {
  const starts = [new TraceContext('run'), new TraceContext('run')].map((context) =>
    context.of('scenario')('step').traceparent.slice(3, 27),
  );
  expect(new Set(starts).size).toBe(2);
});

test('baggage says the run, the scenario and the step, percent-encoded', () => {
  const { baggage } = new TraceContext('r1').of('a, b;c="d"')('tools/call: größe');
  expect(baggage).toBe(
    'gaugeway.run_id=r1,gaugeway.scenario=a%2C%20b%3Bc%3D%22d%22,gaugeway.step=tools%2Fcall%3A%20gr%C3%B6%C3%9Fe',
  );
});

test('baggage stays within what W3C lets everybody take, whatever the names are', () => {
  const long = '漢'.repeat(10_000);
  expect(new TraceContext(long).of(long)(long).baggage.length).toBeLessThan(8192);
  // The cut is in the middle of the last character.
  expect(new TraceContext('r').of('s')(`${'a'.repeat(127)}😀`).baggage).toMatch(/a%EF%BF%BD$/);
});
