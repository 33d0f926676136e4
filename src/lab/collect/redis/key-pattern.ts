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

/** More last parts than this under one prefix are names, of which nobody wants a line each; more under none at all. */
const mostSiblings = 5;
const mostWithoutPrefix = 50;
/** Prefixes beyond this many are counted by their first part. */
const mostPrefixes = 500;
const separator = ':';

interface Siblings<Group> {
  groups: Map<string, Group>;
  /** All of them, when there were too many. */
  collapsed?: Group;
}

/**
 * Groups keys by their masked form. Where more than five patterns differ in their last part only, that part is a
 * name and becomes `*`, too: `mcpgw:tool_lookup:echo` and its like are `mcpgw:tool_lookup:*`.
 */
export class KeyPatterns<Group> {
  readonly #create: () => Group;
  readonly #merge: (into: Group, from: Group) => void;
  readonly #byPrefix = new Map<string, Siblings<Group>>();

  constructor(create: () => Group, merge: (into: Group, from: Group) => void) {
    this.#create = create;
    this.#merge = merge;
  }

  /** The group of a key, a new one when it is the first of its kind. */
  of(key: string): Group {
    const masked = maskKey(key);
    const at = masked.lastIndexOf(separator) + 1;
    const [siblings, last] = this.#siblings(masked.slice(0, at), masked.slice(at));
    if (siblings.collapsed !== undefined) return siblings.collapsed;
    const known = siblings.groups.get(last);
    if (known !== undefined) return known;
    const created = this.#create();
    siblings.groups.set(last, created);
    if (siblings.groups.size <= (at === 0 ? mostWithoutPrefix : mostSiblings)) return created;
    const all = this.#create();
    for (const group of siblings.groups.values()) this.#merge(all, group);
    siblings.groups.clear();
    siblings.collapsed = all;
    return all;
  }

  entries(): [pattern: string, group: Group][] {
    return [...this.#byPrefix].flatMap(([prefix, { groups, collapsed }]) => [
      ...[...groups].map(([last, group]): [string, Group] => [`${prefix}${last}`, group]),
      ...(collapsed === undefined ? [] : [[`${prefix}*`, collapsed] satisfies [string, Group]]),
    ]);
  }

  #siblings(prefix: string, last: string): [Siblings<Group>, string] {
    const known = this.#byPrefix.get(prefix);
    if (known !== undefined) return [known, last];
    const first = prefix.slice(0, prefix.indexOf(separator) + 1);
    if (this.#byPrefix.size >= mostPrefixes && prefix !== first) return this.#siblings(first, '*');
    const created: Siblings<Group> = { groups: new Map() };
    this.#byPrefix.set(prefix, created);
    return [created, last];
  }
}
