import { describe, expect, it } from 'vitest';
import { loadWindow, syntheticRun } from '../../../test/support/synthetic-run.ts';
import type { Timed } from '../diagnose/artifacts.ts';
import { parseThreshold } from '../load/thresholds.ts';
import type { ObservedLoad } from '../timeline/samples.ts';
import { measureStep } from './step.ts';

/** A window of the generator of a healthy run that ends at `atMs`. */
function sample(
  atMs: number,
  requests: number,
  { failures = 0, windowMs = 1000, cpuPercent = 10 } = {},
): Timed<ObservedLoad> {
  const { load } = syntheticRun();
  const healthy = load.status === 'ok' ? [...load.value.values()].flat()[0]?.data : undefined;
  if (healthy?.generator === undefined) throw new Error('the healthy run has no load');
  return {
    atMs,
    data: {
      ...healthy,
      windowMs,
      byName: { 'tools/call echo': { ...loadWindow(requests, 50), failures } },
      generator: { ...healthy.generator, cpuPercent },
    },
  };
}

const span = { users: 8, startMs: 1000, endMs: 5000 };
const seconds = [2000, 3000, 4000, 5000];

describe('a measured step', () => {
  it('is the requests that succeeded in its windows, per second', () => {
    const step = measureStep(
      span,
      seconds.map((atMs) => sample(atMs, 40, { failures: 10 })),
      [],
    );
    expect(step).toMatchObject({ users: 8, rps: 30, requests: 160, failedShare: 0.25, generator: 'ok' });
    expect(step.windowsRps).toEqual([30, 30, 30, 30]);
  });

  it('leaves out the window before it, though that was told a little late, and those after it', () => {
    const around = [sample(1040, 1), ...seconds.map((atMs) => sample(atMs, 40)), sample(6000, 1)];
    expect(measureStep(span, around, []).windowsRps).toEqual([40, 40, 40, 40]);
  });

  it('leaves out a window that was cut short', () => {
    const cut = [...seconds.map((atMs) => sample(atMs, 40)), sample(3200, 1, { windowMs: 200 })];
    expect(measureStep(span, cut, []).windowsRps).toEqual([40, 40, 40, 40]);
  });

  it('breaks a threshold on latency, not one on rps, and any where nothing finishes', () => {
    const thresholds = ['p95<10ms', 'p50<1s', 'rps>1000', 'error_rate<1%'].map(parseThreshold);
    const step = measureStep(
      span,
      seconds.map((atMs) => sample(atMs, 40)),
      thresholds,
    );
    expect(step.broken).toEqual(['p95<10ms']);
    const idle = measureStep(
      span,
      seconds.map((atMs) => sample(atMs, 0)),
      thresholds,
    );
    expect(idle.broken).toEqual(['p95<10ms', 'p50<1s', 'error_rate<1%']);
    expect(idle.p95Ms).toBeNull();
  });

  it('is of no worth where the rule about the generator fails', () => {
    const busy = seconds.map((atMs) => sample(atMs, 40, { cpuPercent: 100 }));
    expect(measureStep(span, busy, []).generator).toBe('saturated');
  });
});
