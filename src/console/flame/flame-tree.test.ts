import { describe, expect, it } from 'vitest';
import type { Frame, Profile } from '../../lab/profile/profile.ts';
import { buildFlameTree, functionTimes, searchFlame, type FlameNode } from './flame-tree.ts';

const frame = (name: string, file = ''): Frame => ({ name, file, line: file === '' ? 0 : 1, column: 0 });

/** main(10) → parse(30) → parse(5), main → render(20), and 100 of idle time. */
const profile: Profile = {
  name: 'gateway',
  unit: 'microseconds',
  order: 'time',
  startMs: 0,
  endMs: 1,
  interval: 1,
  frames: [
    frame('(root)'),
    frame('main', '/app/main.ts'),
    frame('parse', '/app/parse.ts'),
    frame('render'),
    frame('(idle)'),
  ],
  nodes: [
    { frame: 0, parent: -1, self: 0 },
    { frame: 1, parent: 0, self: 10 },
    { frame: 2, parent: 1, self: 30 },
    { frame: 2, parent: 2, self: 5 },
    { frame: 3, parent: 1, self: 20 },
    { frame: 4, parent: 0, self: 100 },
  ],
  samples: [],
};
const names = (nodes: Iterable<FlameNode>): string[] => [...nodes].map((node) => node.frame.name);

describe('the flame tree', () => {
  it('sums times upwards and puts the widest call first', () => {
    const root = buildFlameTree(profile, false);
    expect(root.total).toBe(65);
    const main = root.children[0];
    expect(main).toMatchObject({ total: 65, start: 0, depth: 1 });
    expect(main?.children.map(({ frame: { name }, start, total }) => [name, start, total])).toEqual([
      ['parse', 0, 35],
      ['render', 35, 20],
    ]);
  });

  it('shows waiting time only when asked for', () => {
    expect(names(buildFlameTree(profile, false).children)).toEqual(['main']);
    expect(names(buildFlameTree(profile, true).children)).toEqual(['(idle)', 'main']);
  });

  it('counts a recursive call once in the total of its function', () => {
    const parse = functionTimes(buildFlameTree(profile, false)).find((each) => each.frame.name === 'parse');
    expect(parse).toMatchObject({ self: 35, total: 35 });
  });

  it('finds functions and files, nested matches counted once', () => {
    const root = buildFlameTree(profile, false);
    const { matches, total } = searchFlame(root, ' PARSE.ts ');
    expect(names(matches)).toEqual(['parse', 'parse']);
    expect(total).toBe(35);
    expect(searchFlame(root, ' ').matches.size).toBe(0);
  });
});
