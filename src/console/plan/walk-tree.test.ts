import { describe, expect, test } from 'vitest';
import { planTree } from '../../lab/plan/plan-tree.ts';
import { moveTo, visibleNodes } from './walk-tree.ts';

const root = planTree({
  'Node Type': 'Sort',
  Plans: [{ 'Node Type': 'Hash Join', Plans: [{ 'Node Type': 'Seq Scan' }, { 'Node Type': 'Hash' }] }],
});
const press = (key: string, at: number, closed: number[] = []): ReturnType<typeof moveTo> =>
  moveTo(key, visibleNodes(root, new Set(closed)), at, new Set(closed));

describe('a tree by keyboard', () => {
  test('up and down walk what can be seen, and stay at its ends', () => {
    expect(press('ArrowDown', 0)).toEqual({ focus: 1 });
    expect(press('ArrowUp', 3)).toEqual({ focus: 2 });
    expect(press('ArrowDown', 3)).toEqual({ focus: undefined });
    expect(press('ArrowDown', 1, [1])).toEqual({ focus: undefined });
  });

  test('right opens, then goes in; left closes, then goes out', () => {
    expect(press('ArrowRight', 1, [1])).toEqual({ close: false });
    expect(press('ArrowRight', 1)).toEqual({ focus: 2 });
    expect(press('ArrowLeft', 1)).toEqual({ close: true });
    expect(press('ArrowLeft', 2)).toEqual({ focus: 1 });
  });

  test('home and end go to the ends, enter folds, other keys are left alone', () => {
    expect(press('Home', 3)).toEqual({ focus: 0 });
    expect(press('End', 0)).toEqual({ focus: 3 });
    expect(press('Enter', 1)).toEqual({ close: true });
    expect(press(' ', 3)).toEqual({});
    expect(press('Tab', 1)).toBeUndefined();
  });
});
