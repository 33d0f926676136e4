/** Draws the next number in [0, 1). */
export type Random = () => number;

/**
 * A small seeded generator (mulberry32: 32 bits of state, public domain): what it draws must be the same in
 * two runs with one seed, nothing more; it is not for secrets. `stream` gives each user its own sequence.
 */
export function createRandom(seed: number, stream = 0): Random {
  let state = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Uniform between both bounds. */
export function between(random: Random, min: number, max: number): number {
  return min + random() * (max - min);
}

/** A uniform integer, both bounds included. */
export function integerBetween(random: Random, min: number, max: number): number {
  return Math.min(max, Math.floor(between(random, min, max + 1)));
}
