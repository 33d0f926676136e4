import { expect, test } from 'vitest';
import { firstView, pressKey, type TopView } from './top-view.ts';

test.each([
  ['1', { order: 'own' }],
  ['2', { order: 'total' }],
  ['3', { order: 'own-time' }],
  ['4', { order: 'total-time' }],
  ['f', { frozen: true }],
  [' ', { frozen: true }],
  ['t', { threads: true }],
  ['h', { help: true }],
  ['p', { only: 0 }],
  ['x', {}],
  ['5', {}],
])('the key %j changes the view', (key, change) => {
  expect(pressKey(firstView, key, 2)).toEqual({ view: { ...firstView, ...change }, act: 'none' });
});

test.each([
  ['r', 'reset'],
  ['q', 'quit'],
  ['\u0003', 'quit'],
])('the key %j acts', (key, act) => {
  expect(pressKey(firstView, key, 2)).toEqual({ view: firstView, act });
});

test('p shows one process after the other, then all of them again, and m all at once', () => {
  const places = 2;
  const seen: TopView['only'][] = [];
  let view = firstView;
  for (const key of ['p', 'p', 'p', 'p', 'm']) {
    view = pressKey(view, key, places).view;
    seen.push(view.only);
  }
  expect(seen).toEqual([0, 1, null, 0, null]);
});

test('threads are others to choose from than processes', () => {
  const one = pressKey(firstView, 'p', 2).view;
  expect(pressKey(one, 't', 2).view).toMatchObject({ threads: true, only: null });
});
