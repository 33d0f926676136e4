/** Variable parts of a key, in the order in which they are looked for. */
const variable: readonly RegExp[] = [
  /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g,
  /[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/gi,
  /\beyJ[\w-]+(?:\.[\w-]+){0,2}/g,
  // Hashes and ids: eight or more of hex, or twenty and more of base64, with a digit in them.
  /(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])/gi,
  /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{20,}={0,2}(?![\w-])/gi,
  /\d+/g,
];

/** The key with what differs from key to key as `*`: e-mail addresses, UUIDs, tokens, hashes, numbers. */
export function maskKey(key: string): string {
  return variable.reduce((masked, pattern) => masked.replace(pattern, '*'), key).replaceAll(/\*{2,}/g, '*');
}

/** More parts than this that differ at one place only are names, of which nobody wants a line each. */
const mostSiblings = 5;
/** More last parts without a prefix, or parts before the last, than this are names in any case. */
const mostBranches = 50;
/** Patterns; what would be a further one is counted by its first part, or as `*`. */
const mostPatterns = 500;
/** Of a key; what is behind them belongs to the last one. */
const mostParts = 8;
/** Of a key that are looked at, as keys may be of any length. */
const mostCharacters = 300;
const separator = ':';
const any = '*';

/**
 * Groups keys by their masked form. Where too many parts differ at one place, that part is a name and becomes `*`, too:
 * `mcpgw:tool_lookup:echo` and its like are `mcpgw:tool_lookup:*`, `alice:session` and its like are `*:session`. Time and
 * memory do not grow with what the keys are called: there are never more than about 550 groups.
 */
export class KeyPatterns<Group> {
  readonly #create: () => Group;
  readonly #merge: (into: Group, from: Group) => void;
  #groups = new Map<string, Group>();
  /** By the place where they stand: parts that were seen there. */
  #seen = new Map<string, Set<string>>();
  /** Places where each part is `*`. */
  readonly #named = new Set<string>();

  constructor(create: () => Group, merge: (into: Group, from: Group) => void) {
    this.#create = create;
    this.#merge = merge;
  }

  /** The group of a key, a new one when it is the first of its kind. */
  of(key: string): Group {
    const parts = this.#parts(key.length > mostCharacters ? `${key.slice(0, mostCharacters)}${any}` : key);
    const pattern = this.#pattern(parts);
    const known = this.#groups.get(pattern);
    if (known !== undefined) return known;
    if (this.#groups.size >= mostPatterns) return this.#rest(parts);
    this.#groups.set(pattern, this.#create());
    if (this.#learn(pattern)) this.#regroup();
    return this.#groups.get(this.#pattern(parts)) ?? this.#rest(parts);
  }

  /** The patterns and their groups. A part at which more than five patterns differ that are else alike is `*`. */
  entries(): [pattern: string, group: Group][] {
    let entries = [...this.#groups];
    for (let at = 0; at < mostParts - 1; at += 1) {
      const alike = Map.groupBy(entries, ([pattern]) => withoutPart(pattern, at));
      entries = [...alike].flatMap(([pattern, same]) =>
        same.length <= mostSiblings ? same : [[pattern, this.#joined(same)] satisfies [string, Group]],
      );
    }
    return entries;
  }

  #parts(key: string): string[] {
    const parts = maskKey(key).split(separator);
    const before = parts.slice(0, mostParts - 1);
    return parts.length <= mostParts ? parts : [...before, parts.slice(before.length).join(separator)];
  }

  #pattern(parts: readonly string[]): string {
    let prefix = '';
    for (const [at, part] of parts.entries()) {
      const last = at === parts.length - 1;
      const shown = this.#named.has(placeOf(prefix, last)) ? any : part;
      prefix += last ? shown : `${shown}${separator}`;
    }
    return prefix;
  }

  /** Notes the parts of a pattern; whether there are too many at one of its places now. */
  #learn(pattern: string): boolean {
    let tooMany = false;
    let prefix = '';
    const parts = this.#parts(pattern);
    for (const [at, part] of parts.entries()) {
      const last = at === parts.length - 1;
      const place = placeOf(prefix, last);
      const seen = this.#seen.get(place) ?? new Set();
      this.#seen.set(place, seen.add(part));
      if (seen.size > (last && prefix !== '' ? mostSiblings : mostBranches) && !this.#named.has(place)) {
        this.#named.add(place);
        tooMany = true;
      }
      prefix += `${part}${separator}`;
    }
    return tooMany;
  }

  /** Groups anew what was grouped, after a part became `*`; until nothing more does. */
  #regroup(): void {
    let again = true;
    while (again) {
      again = false;
      const groups = this.#groups;
      this.#groups = new Map();
      this.#seen = new Map();
      for (const [before, group] of groups) {
        const pattern = this.#pattern(this.#parts(before));
        const known = this.#groups.get(pattern);
        if (known === undefined) {
          this.#groups.set(pattern, group);
          again = this.#learn(pattern) || again;
        } else {
          this.#merge(known, group);
        }
      }
    }
  }

  #rest([first = '', ...others]: readonly string[]): Group {
    const known = others.length > 0 && this.#seen.get(placeOf('', false))?.has(first) === true;
    const pattern = known ? `${first}${separator}${any}` : any;
    const group = this.#groups.get(pattern) ?? this.#create();
    this.#groups.set(pattern, group);
    return group;
  }

  #joined(entries: readonly [string, Group][]): Group {
    const all = this.#create();
    for (const [, group] of entries) this.#merge(all, group);
    return all;
  }
}

/** A last part and one before it stand at different places. */
function placeOf(prefix: string, last: boolean): string {
  return last ? `${prefix}${any}` : prefix;
}

/** The pattern with `*` at the place, where words stand behind it that tell what it is; else the pattern itself. */
function withoutPart(pattern: string, at: number): string {
  const parts = pattern.split(separator);
  const tells = parts.slice(at + 1).some((part) => part.replaceAll(any, '') !== '');
  return tells ? parts.with(at, any).join(separator) : pattern;
}
