import { describe, expect, test } from 'vitest';
import { lineDifference } from './line-difference.ts';

describe('the difference of two texts', () => {
  test.each([
    ['the same', 'a b c', 'a b c', []],
    ['a line that changed', 'a b c', 'a x c', ['- b', '+ x']],
    ['lines that came and went', 'a b c d', 'b c e d f', ['- a', '+ e', '+ f']],
    ['nothing before', '', 'a', ['- ', '+ a']],
  ])('is told line by line: %s', (_, before, after, expected) => {
    expect(lineDifference(before.split(' '), after.split(' '))).toEqual(expected);
  });
});
