import { describe, expect, test } from 'vitest';
import { diffFunctions } from './diff-functions.ts';
import { diffProfiles } from './diff-profiles.ts';
import { placeAsIn } from './match-functions.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { Frame, Profile } from './profile.ts';

const frame = (name: string, file: string, line: number): Frame => ({ name, file, line, column: 1 });
const idle = frame('(idle)', '', 0);

function profileOf(stacks: [Frame[], number][]): Profile {
  const builder = new ProfileBuilder('x');
  for (const [stack, weight] of stacks) builder.add(builder.stack(stack), weight);
  return builder.build({ unit: 'microseconds', order: 'none', interval: 1 });
}

const main = frame('main', '/build/1/app/main.ts', 1);
const before = profileOf([
  [[main, frame('parse', '/build/1/app/json.ts', 10)], 10],
  [[main], 30],
  [[idle], 1000],
]);
const moved = frame('main', '/build/2/app/main.ts', 8);
const after = profileOf([
  [[moved, frame('parse', '/build/2/app/json.ts', 99)], 60],
  [[moved, frame('parse', '/build/2/app/json.ts', 99), frame('parse', '/build/2/app/json.ts', 99)], 20],
  [[moved], 20],
  [[idle], 5],
]);

describe('the difference of two profiles by function', () => {
  test('matches what moved, leaves out what waits, and counts recursion once', () => {
    const rows = diffFunctions(before, after).map((row) => ({ ...row, frame: row.frame.name }));
    expect(rows).toEqual([
      { frame: 'parse', selfBefore: 0.25, selfAfter: 0.8, totalBefore: 0.25, totalAfter: 0.8 },
      { frame: 'main', selfBefore: 0.75, selfAfter: 0.2, totalBefore: 1, totalAfter: 1 },
    ]);
  });

  test('lays the stacks of what moved over each other', () => {
    const placed = diffProfiles(placeAsIn(before, after), after);
    expect(placed.frames.filter(({ name }) => name === 'main')).toEqual([moved]);
  });

  test('leaves two functions of the same name in one file apart, as nobody knows which is which', () => {
    const twice = profileOf([
      [[frame('get', '/a/app/x.ts', 1)], 1],
      [[frame('get', '/a/app/x.ts', 5)], 1],
    ]);
    const once = profileOf([[[frame('get', '/a/app/x.ts', 7)], 1]]);
    expect(placeAsIn(twice, once).frames).toEqual(twice.frames);
  });
});
