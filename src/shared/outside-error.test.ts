import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { outsideMessage } from './outside-error.ts';

test('a refused connection has a message, a mistake in the program is thrown on', async () => {
  const refused: unknown = await once(connect(1, '127.0.0.1'), 'connect').catch((error: unknown) => error);
  expect(outsideMessage(refused)).toContain('ECONNREFUSED');
  for (const mistake of [new TypeError('x is not a function'), new ReferenceError('x'), 'text']) {
    expect(() => outsideMessage(mistake)).toThrow();
  }
});
