import { expect, test } from 'vitest';
import { mayBeChance } from './grown-functions.ts';

test('a share that grew less than sampling errs may be chance, and a larger one is not', () => {
  const samples = { before: 300, after: 300 };
  // Pooled share 5 %: one standard error of the difference is 1.78 points.
  expect(mayBeChance({ before: 0.035, after: 0.065 }, samples)).toBe(true);
  expect(mayBeChance({ before: 0.03, after: 0.07 }, samples)).toBe(false);
  expect(mayBeChance({ before: 0.035, after: 0.065 }, { before: 3000, after: 3000 })).toBe(false);
  expect(mayBeChance({ before: 0, after: 1 }, { before: 0, after: 3 })).toBe(true);
});
