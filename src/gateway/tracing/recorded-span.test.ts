import { expect, test } from 'vitest';
import { ownMessage, ownText } from './recorded-span.ts';

const blank = ' '.repeat(240);

test.each([
  ['a password in a URL', `${blank}postgres://u:hunter2-${'x'.repeat(60)}@db/x`, `${blank}postgres://u:***`],
  ['what stands in quotes', `${blank}secret="a hunter2 ${'x'.repeat(60)}"`, `${blank}secret="***"`],
  [
    'a token that is longer than what is looked through',
    `${blank}eyJh.${'x'.repeat(2000)}.${'y'.repeat(9)}`,
    `${blank}…`,
  ],
])('a message is masked before it is cut: %s', (_what, message, kept) => {
  expect(ownMessage(message)).toBe(kept);
});

test('a message is kept short, as every text from outside', () => {
  const words = 'no disk '.repeat(1000);
  expect(ownMessage('no disk')).toBe('no disk');
  expect(ownMessage(words)).toBe(words.slice(0, 256));
  expect(ownText(words)).toBe(words.slice(0, 256));
});
