import { createHash } from 'node:crypto';

/**
 * Longest exposed tool name. Model APIs stop at 64 characters and clients put their own prefix in front
 * (`mcp__<server>__`), so that 45 is what passes everywhere.
 */
export const maxToolNameLength = 45;
const hashLength = 6;

/** MCP says 128; beyond this a name is no name, and more than an index of the storage takes. */
const maxOriginalNameLength = 512;

/** Whether an upstream's tool can be called by its name: some text, of which nothing is lost on the way to the storage. */
export function isToolName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name !== '' &&
    name.length <= maxOriginalNameLength &&
    !name.includes('\0') &&
    name.isWellFormed()
  );
}

/** Lower case, letters and digits kept, every other run of characters a single `-`, none at the ends. */
export function slugify(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/**
 * The name under which a tool is offered: `<gateway-slug>-<tool-slug>`, as ContextForge builds it, matching
 * `^[a-zA-Z][a-zA-Z0-9_-]*$` and at most {@link maxToolNameLength} long. A name that is too long, or already
 * in `taken`, is cut and ends in a hash of the gateway's slug and the tool's own name, so that it is the same
 * name each time. Does not change `taken`.
 */
export function exposedToolName(gatewaySlug: string, toolName: string, taken: ReadonlySet<string>): string {
  const joined = [gatewaySlug, slugify(toolName)].filter((part) => part !== '').join('-');
  const full = /^[a-z]/i.test(joined) ? joined : `t-${joined}`.replace(/-+$/, '');
  if (full.length <= maxToolNameLength && full !== 't' && !taken.has(full)) return full;
  for (let attempt = 0; ; attempt += 1) {
    const hash = createHash('sha256')
      .update(JSON.stringify([gatewaySlug, toolName, attempt]))
      .digest('hex')
      .slice(0, hashLength);
    const kept = full.slice(0, maxToolNameLength - hashLength - 1).replace(/-+$/, '');
    const name = `${kept}-${hash}`;
    if (!taken.has(name)) return name;
  }
}
