/** The place of a value in a list by its key; a new one is put at the end. */
export function indexIn<T>(list: T[], known: Map<string, number>, key: string, value: T): number {
  const found = known.get(key);
  if (found !== undefined) return found;
  const index = list.push(value) - 1;
  known.set(key, index);
  return index;
}
