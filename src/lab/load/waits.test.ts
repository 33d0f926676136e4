import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';
import { waitMsOf } from './waits.ts';
import type { Wait } from './waits.ts';

const random = createRandom(1);

describe('a pause after the task', () => {
  it('is constant', () => {
    expect(waitMsOf({ kind: 'constant', ms: 40 }, random, 1000, 990)).toBe(40);
  });

  it('is drawn between its bounds', () => {
    const draws = Array.from({ length: 500 }, () =>
      waitMsOf({ kind: 'between', minMs: 10, maxMs: 30 }, random, 0, 0),
    );
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...draws)).toBeLessThanOrEqual(30);
    expect(Math.max(...draws) - Math.min(...draws)).toBeGreaterThan(15);
  });
});

describe.each<Wait>([
  { kind: 'constant-pacing', ms: 200 },
  { kind: 'constant-throughput', tasksPerS: 5 },
])('$kind', (wait) => {
  it('fills up what the task left of its time', () => {
    expect(waitMsOf(wait, random, 1050, 1000)).toBe(150);
  });

  it('does not wait after a task that took longer, nor before the first', () => {
    expect(waitMsOf(wait, random, 1300, 1000)).toBe(0);
    expect(waitMsOf(wait, random, 1300, undefined)).toBe(0);
  });
});
