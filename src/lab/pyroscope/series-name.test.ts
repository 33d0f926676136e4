import { expect, test } from 'vitest';
import { isApplicationName, seriesName } from './series-name.ts';

test('labels stand behind the name, without quotes; what has no value is left out', () => {
  expect(seriesName('shop.api', { pid: '7', instance: '', runtime: 'node' })).toBe(
    'shop.api{pid=7,runtime=node}',
  );
  expect(seriesName('shop', {})).toBe('shop{}');
});

test('no value can end itself, add a label, hold a secret or grow without limit', () => {
  expect(seriesName('a', { thread: 'x},evil="1"\n' })).toBe('a{thread=x_evil_1_}');
  expect(seriesName('a', { thread: 'worker 3 (größer)' })).toBe('a{thread=worker 3 _größer_}');
  expect(seriesName('a', { instance: 'token=verysecret' })).not.toContain('verysecret');
  expect(seriesName('a', { thread: '😀'.repeat(50) + 'é'.repeat(500) })).toBe(`a{thread=_${'é'.repeat(99)}}`);
});

test.each(['gateway', 'shop.api', 'team/shop-1', '.hidden'])('%s is a name of an application', (name) => {
  expect(isApplicationName(name)).toBe(true);
});

test.each(['', 'a b', 'a{b=c}', '-a', 'größe', 'a'.repeat(201)])('%j is none', (name) => {
  expect(isApplicationName(name)).toBe(false);
});
