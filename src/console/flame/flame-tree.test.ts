import { describe, expect, it } from 'vitest';
import type { Frame, Profile } from '../../lab/profile/profile.ts';
import { callsOf, changedCalls, type CallTreeOptions } from './call-tree.ts';
import { functionAt, layOut, nodeAt, pathTo, type FlameTree } from './flame-tree.ts';
import { functionTimes } from './function-times.ts';
import { searchFlame, zoomToSee } from './search-flame.ts';
import { calleesOf, callersOf, invert } from './turned-trees.ts';

const frame = (name: string, file = ''): Frame => ({ name, file, line: file === '' ? 0 : 1, column: 0 });

/** main(10) → parse(30) → parse(5), main → render(20) → parse(3), and 100 of idle time. */
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
    frame('parse', '/app/node_modules/pg/parse.js'),
    frame('render', '/app/render.ts'),
    frame('(idle)'),
    // The same function once more, as mergers and formats may leave it.
    frame('parse', '/app/node_modules/pg/parse.js'),
  ],
  nodes: [
    { frame: 0, parent: -1, self: 0 },
    { frame: 1, parent: 0, self: 10 },
    { frame: 2, parent: 1, self: 30 },
    { frame: 2, parent: 2, self: 5 },
    { frame: 3, parent: 1, self: 20 },
    { frame: 5, parent: 4, self: 3 },
    { frame: 4, parent: 0, self: 100 },
  ],
  samples: [],
};
const plain: CallTreeOptions = { includeWaiting: false, ownOnly: false };
const tree = layOut(callsOf(profile, plain));
const fnNamed = (name: string): number => tree.functions.findIndex(({ frame: each }) => each.name === name);

/** Each node as `caller>called total self`, level by level. */
const written = (shown: FlameTree): string[] =>
  Array.from({ length: shown.count }, (_, node) => {
    const path = pathTo(shown, node).map((each) => functionAt(shown, each).frame.name);
    return `${path.join('>')} ${shown.total[node]} ${shown.self[node]}`;
  });

describe('the flame tree', () => {
  it('sums times upwards, level by level with the widest call first, recursion as it was', () => {
    expect(written(tree)).toEqual([
      'all 68 0',
      'all>main 68 10',
      'all>main>parse 35 30',
      'all>main>render 23 20',
      'all>main>parse>parse 5 5',
      'all>main>render>parse 3 3',
    ]);
    expect([...tree.start]).toEqual([0, 0, 0, 35, 0, 35]);
  });

  it('shows waiting time only when asked for', () => {
    const waiting = layOut(callsOf(profile, { ...plain, includeWaiting: true }));
    expect(written(waiting).slice(0, 3)).toEqual(['all 168 0', 'all>(idle) 100 100', 'all>main 68 10']);
  });

  it('folds dependencies and the runtime into the own code that called them', () => {
    const own = layOut(callsOf(profile, { ...plain, ownOnly: true }));
    expect(written(own)).toEqual(['all 68 0', 'all>main 68 45', 'all>main>render 23 23']);
  });

  it('finds what is at a place by level and weight', () => {
    expect(nodeAt(tree, 2, 34.9)).toBe(2);
    expect(nodeAt(tree, 2, 35)).toBe(3);
    expect(nodeAt(tree, 2, 60)).toBe(-1);
    expect(nodeAt(tree, 9, 1)).toBe(-1);
  });

  it('counts a recursive call once in the total of its function', () => {
    const parse = functionTimes(tree).find(({ fn }) => fn === fnNamed('parse'));
    expect(parse).toMatchObject({ self: 38, total: 38, kind: 'dependency', work: 'database' });
  });

  it('turns over: leaves first with what they weigh themselves, then who called them', () => {
    expect(written(layOut(invert(tree)))).toEqual([
      'all 68 0',
      'all>parse 38 0',
      'all>render 20 0',
      'all>main 10 10',
      'all>parse>main 30 30',
      'all>parse>parse 5 0',
      'all>parse>render 3 0',
      'all>render>main 20 20',
      'all>parse>parse>main 5 5',
      'all>parse>render>main 3 3',
    ]);
  });

  it('sets a function between its callers and its callees, over all its places', () => {
    expect(written(layOut(callersOf(tree, fnNamed('parse'))))).toEqual([
      'parse 38 0',
      'parse>main 35 35',
      'parse>render 3 0',
      'parse>render>main 3 3',
    ]);
    expect(written(layOut(calleesOf(tree, fnNamed('parse'))))).toEqual(['parse 38 33', 'parse>parse 5 5']);
  });

  it('lays a difference over both, what is gone included, in shares', () => {
    const nodes = profile.nodes.map((node) => (node.parent === 4 ? { ...node, self: 35 } : node));
    const later = { ...profile, nodes: nodes.map((node, at) => (at === 3 ? { ...node, self: 0 } : node)) };
    const changed = layOut(changedCalls(profile, later, plain));
    const gone = pathTo(changed, changed.count - 1).length;
    expect(gone).toBe(4);
    const times = functionTimes(changed).find(({ fn }) => fn === fnNamed('parse'));
    expect(times?.before?.self).toBeCloseTo(38 / 68);
    expect(2 * (times?.self ?? 0) - (times?.before?.self ?? 0)).toBeCloseTo(65 / 95);
    expect(changed.total[0]).toBeCloseTo(1);
  });
});

describe('searching a flame tree', () => {
  it('finds functions and files, nested matches counted once', () => {
    expect(searchFlame(tree, ' PARSE.js ')).toMatchObject({ nodes: [2, 4, 5], total: 38, mistake: null });
    expect(searchFlame(tree, ' ')).toMatchObject({ isSearching: false, nodes: [] });
  });

  it('takes what stands between slashes as a pattern, and a broken one as text', () => {
    expect(searchFlame(tree, '/^(main|render)/').nodes).toEqual([1, 3]);
    expect(searchFlame(tree, '/(/')).toMatchObject({
      nodes: [],
      mistake: expect.stringContaining('as text'),
    });
  });

  it('zooms to a match only as far as is needed to see it', () => {
    expect(zoomToSee(tree, 5, 0)).toBe(0);
    expect(zoomToSee(tree, 5, 2)).toBe(0);
  });
});
