/** How many keys there are, and a sample of them in which each is as likely as any other. */
export interface KeySample<Key> {
  count: number;
  sample: Key[];
}

/** Counts a key, and keeps it or not (Vitter's algorithm R), of at most `size`. */
export function addKey<Key>(group: KeySample<Key>, key: Key, size: number): void {
  group.count += 1;
  if (group.sample.length < size) {
    group.sample.push(key);
    return;
  }
  const at = Math.floor(Math.random() * group.count);
  if (at < size) group.sample[at] = key;
}

/**
 * Puts the keys of `from` into `into`. Each place of the new sample goes to one of the two by how many keys it still has
 * that were not drawn, so that a sample of many keys weighs more than one of a few.
 */
export function mergeKeys<Key>(into: KeySample<Key>, from: KeySample<Key>, size: number): void {
  const [own, other] = [
    { left: into.count, sample: [...into.sample] },
    { left: from.count, sample: [...from.sample] },
  ];
  const merged: Key[] = [];
  while (merged.length < size && own.sample.length + other.sample.length > 0) {
    const drawn = Math.random() * (own.left + other.left) < own.left ? own : other;
    const [key] = drawn.sample.splice(Math.floor(Math.random() * drawn.sample.length), 1);
    if (key === undefined) break;
    drawn.left -= 1;
    merged.push(key);
  }
  into.count += from.count;
  into.sample = merged;
}
