/** Of one connection: samples repeat a handful of statements. */
const maxPrepared = 50;

/**
 * Names for statements that a session reads again and again, so that the server plans them once: planning a look at its
 * catalogues costs it more than the look. A statement that is read for the first time is not prepared.
 */
export class PreparedReads {
  readonly #names = new Map<string, string>();
  readonly #seen = new Set<string>();
  #given = 0;

  /** What to send for `sql`, and what has to be sent once before it. */
  prepare(sql: string): { first: string[]; sql: string } {
    const known = this.#names.get(sql);
    if (known !== undefined) return { first: [], sql: `execute ${known}` };
    if (!this.#seen.has(sql) || this.#names.size >= maxPrepared) {
      if (this.#seen.size < maxPrepared) this.#seen.add(sql);
      return { first: [], sql };
    }
    this.#given += 1;
    const name = `gaugeway_lab_${this.#given}`;
    this.#names.set(sql, name);
    return { first: [`prepare ${name} as ${sql}`], sql: `execute ${name}` };
  }

  /** After a failure nobody knows what the server has: it is prepared anew, under other names. */
  forget(): void {
    this.#names.clear();
    this.#seen.clear();
  }
}
