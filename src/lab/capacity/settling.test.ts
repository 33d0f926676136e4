import { describe, expect, it } from 'vitest';
import { isSettled, steadyFrom } from './settling.ts';

describe('the steady part of a step', () => {
  it('is everything when it was steady from the start', () => {
    expect(steadyFrom([100, 100, 100, 100])).toBe(0);
  });

  it('begins after what was still growing', () => {
    expect(steadyFrom([20, 60, 99, 101, 100, 100, 99, 101])).toBe(2);
  });

  it('leaves at least half of the windows, and three', () => {
    expect(steadyFrom([10, 20, 30, 40, 50, 60, 70, 80])).toBeLessThanOrEqual(4);
    expect(steadyFrom([10, 100, 100, 100])).toBe(1);
    expect(steadyFrom([10, 100, 100])).toBe(0);
    expect(steadyFrom([])).toBe(0);
  });

  it('is long enough when its mean is known to 1.5 %', () => {
    expect(isSettled([100, 101, 99, 100])).toBe(true);
    expect(isSettled([100, 130, 70, 110])).toBe(false);
    expect(isSettled([100, 100, 100])).toBe(false);
  });

  it('is never settled where nothing succeeds: the target may only be slow to begin', () => {
    expect(isSettled([0, 0, 0, 0, 0])).toBe(false);
  });
});
