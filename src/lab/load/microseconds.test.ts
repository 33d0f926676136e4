import { expect, it } from 'vitest';
import type { LoadSample } from '../timeline/samples.ts';
import { LoadStatistics } from './load-statistics.ts';
import { WindowRecorder } from './window-recorder.ts';

it('a latency keeps its microseconds from the clock to the figures', () => {
  const recorder = new WindowRecorder(true);
  for (const latencyMs of [0.051, 0.123_4, 0.123_4, 7.000_6]) {
    recorder.finished({ name: 'GET /', latencyMs, serviceMs: 0.05, responseBytes: 0, failure: undefined });
  }
  const { byName, starts } = recorder.take();
  const generator = { cpuPercent: 1, eventLoopDelayP99Ms: 1, rssBytes: 1, ...starts };
  // As it travels between the processes, and as it is written.
  const sample: LoadSample = JSON.parse(JSON.stringify({ windowMs: 1_000, users: 1, byName, generator }));
  const statistics = new LoadStatistics();
  statistics.add(sample, 1);
  const { minMs, meanMs, maxMs, p50Ms, service } = statistics.total;
  expect({ minMs, meanMs, maxMs }).toEqual({ minMs: 0.051, meanMs: 1.825, maxMs: 7.001 });
  // Quantiles are those of the sketch, within 0.5 %.
  expect(Math.abs(p50Ms - 0.123_4)).toBeLessThanOrEqual(0.001);
  expect(service?.maxMs).toBe(0.05);
});
