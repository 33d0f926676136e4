import { describe, expect, it } from 'vitest';
import type { Frame, Profile } from '../../lab/profile/profile.ts';
import { buildFlameTree, functionTimes, searchFlame, type FlameNode } from './flame-tree.ts';

const frame = (name: string, file = ''): Frame => ({ name, file, line: file === '' ? 0 : 1, column: 0 });

/** main(10) → parse(30) → parse(5), main → render(20), and 100 of idle time. */
const profile: Profile = {
  name: 'gateway',
  startMs: 0,
  endMs: 1,
  intervalUs: 1,
  frames: [
    frame('(root)'),
    frame('main', '/app/main.ts'),
    frame('parse', '/app/parse.ts'),
    frame('render'),
    frame('(idle)'),
  ],
  nodes: [
    { frame: 0, parent: -1, selfUs: 0 },
    { frame: 1, parent: 0, selfUs: 10 },
    { frame: 2, parent: 1, selfUs: 30 },
    { frame: 2, parent: 2, selfUs: 5 },
    { frame: 3, parent: 1, selfUs: 20 },
    { frame: 4, parent: 0, selfUs: 100 },
  ],
  samples: [],
};
const kindOf = ({ name, file }: Frame) =>
  name.startsWith('(') ? ('waiting' as const) : file === '' ? ('runtime' as const) : ('own' as const);
const names = (nodes: Iterable<FlameNode>): string[] => [...nodes].map((node) => node.frame.name);

describe('the flame tree', () => {
  it('sums times upwards and puts the widest call first', () => {
    const root = buildFlameTree(profile, kindOf, false);
    expect(root.totalUs).toBe(65);
    const main = root.children[0];
    expect(main).toMatchObject({ totalUs: 65, startUs: 0, depth: 1 });
    expect(main?.children.map(({ frame: { name }, startUs, totalUs }) => [name, startUs, totalUs])).toEqual([
      ['parse', 0, 35],
      ['render', 35, 20],
    ]);
  });

  it('shows waiting time only when asked for', () => {
    expect(names(buildFlameTree(profile, kindOf, false).children)).toEqual(['main']);
    expect(names(buildFlameTree(profile, kindOf, true).children)).toEqual(['(idle)', 'main']);
  });

  it('counts a recursive call once in the total of its function', () => {
    const parse = functionTimes(buildFlameTree(profile, kindOf, false)).find(
      (each) => each.frame.name === 'parse',
    );
    expect(parse).toMatchObject({ selfUs: 35, totalUs: 35 });
  });

  it('finds functions and files, nested matches counted once', () => {
    const root = buildFlameTree(profile, kindOf, false);
    const { matches, totalUs } = searchFlame(root, ' PARSE.ts ');
    expect(names(matches)).toEqual(['parse', 'parse']);
    expect(totalUs).toBe(35);
    expect(searchFlame(root, ' ').matches.size).toBe(0);
  });
});
