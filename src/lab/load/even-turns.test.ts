import { describe, expect, it } from 'vitest';
import { EvenTurns } from './even-turns.ts';

const turns = (weights: readonly number[], places: readonly number[]): (number | undefined)[] => {
  const even = new EvenTurns(weights.map((weight) => ({ weight })));
  return places.map((place) => even.at(place)?.weight);
};

describe('turns by weight', () => {
  it('keep each share after any number of turns, to within one', () => {
    const given = turns(
      [5, 3, 1],
      Array.from({ length: 90 }, (_, place) => place),
    );
    for (let count = 1; count <= given.length; count += 1) {
      for (const weight of [5, 3, 1]) {
        const had = given.slice(0, count).filter((each) => each === weight).length;
        expect(Math.abs(had - (count * weight) / 9)).toBeLessThanOrEqual(1);
      }
    }
    expect([5, 3, 1].map((weight) => given.filter((each) => each === weight).length)).toEqual([50, 30, 10]);
  });

  it('fall to the same at a place, whichever places before it were asked for', () => {
    const all = turns([3, 1], [0, 1, 2, 3, 4, 5, 6, 7]);
    expect(turns([3, 1], [1, 3, 5, 7])).toEqual([1, 3, 5, 7].map((place) => all[place]));
  });
});
