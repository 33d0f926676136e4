import { describe, expect, test } from 'vitest';
import type { GapEvent, SampleEvent, SeriesEvent } from './events.ts';
import { gapSpans } from './gap-spans.ts';

describe('times in which a source could not be read', () => {
  test('last from its last sample to its next', () => {
    const events = [
      sample(1, 'a'),
      gap(2, 'a', 'away'),
      gap(3, 'a', 'refused'),
      sample(5, 'a'),
      sample(6, 'a'),
    ];
    expect(gapSpans(events)).toEqual([span('a', 1, 5, 'refused')]);
  });

  test('last to the end of the run when it does not come back, from the first try when it never was there', () => {
    const events = [gap(1, 'a', 'away'), sample(2, 'b'), sample(9, 'b')];
    expect(gapSpans(events)).toEqual([span('a', 1, 9, 'away')]);
  });

  test('end when a process of the same name takes the place', () => {
    const events = [
      sample(1, 'gateway (pid 1)'),
      sample(1, 'gateway-2 (pid 2)'),
      gap(2, 'gateway (pid 1)', 'ended'),
      sample(2, 'gateway-2 (pid 2)'),
      sample(4, 'gateway (pid 3)'),
      sample(9, 'gateway (pid 3)'),
    ];
    expect(gapSpans(events)).toEqual([span('gateway (pid 1)', 1, 4, 'ended')]);
  });

  test('are none where the source does not apply', () => {
    expect(gapSpans([{ ...gap(1, 'a', 'not Node'), notApplicable: true }, sample(2, 'b')])).toEqual([]);
  });

  test('do not depend on the order in which events were written', () => {
    const events: SeriesEvent[] = [sample(1, 'a'), gap(2, 'a', 'away'), sample(3, 'a')];
    expect(gapSpans(events.toReversed())).toEqual(gapSpans(events));
  });
});

function sample(atMs: number, target: string): SampleEvent<'prometheus'> {
  return { kind: 'sample', atMs, source: 'prometheus', target, costMs: 1, data: { metrics: {} } };
}

function gap(atMs: number, target: string, error: string): GapEvent {
  return { kind: 'gap', atMs, source: 'prometheus', target, error };
}

function span(target: string, startMs: number, endMs: number, error: string): object {
  return { source: 'prometheus', target, startMs, endMs, error };
}
