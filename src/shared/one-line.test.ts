import { expect, it } from 'vitest';
import { oneLine } from './one-line.ts';

it('a text from elsewhere cannot move the cursor, paint or make up a line', () => {
  expect(oneLine('a\u001b[31m\u009b2Jb\r\nc')).toBe('a [31m 2Jb  c');
  expect(oneLine('GET /größe ✓')).toBe('GET /größe ✓');
});
