const maxLength = 40;

/** Makes names for the variables of one scenario, each a different one. */
export class VariableNames {
  readonly #taken = new Set(['uuid', 'int', 'pick']);

  /** A name made of the first 40 characters of these words, e.g. `tools_id`; with a number where it is taken. */
  unique(words: string): string {
    const name = words
      .slice(0, maxLength)
      .replaceAll(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^_+|_+$/g, '');
    const base = /^[A-Za-z_]/.test(name) ? name : `value_${name}`.replace(/_$/, '');
    let unique = base;
    for (let number = 2; this.#taken.has(unique); number += 1) unique = `${base}_${number}`;
    this.#taken.add(unique);
    return unique;
  }
}
