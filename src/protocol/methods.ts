import type { Era } from './wire-codec.ts';

/**
 * Every request method that is served, declared once: in which eras it exists, how the gateway treats it, and
 * which member of `params` names its target (mirrored by the modern era in `Mcp-Name`).
 * `protocol`: answered by the codec alone; `list`: from the catalogue; `call`: by one request to the upstream
 * that owns the target.
 */
export const methodTable = {
  initialize: { eras: ['legacy'], served: 'protocol' },
  ping: { eras: ['legacy'], served: 'protocol' },
  'server/discover': { eras: ['modern'], served: 'protocol' },
  'tools/list': { eras: ['legacy', 'modern'], served: 'list' },
  'tools/call': { eras: ['legacy', 'modern'], served: 'call', target: 'name' },
} as const satisfies Record<string, MethodSpec>;

export interface MethodSpec {
  readonly eras: readonly Era[];
  readonly served: 'protocol' | 'list' | 'call';
  readonly target?: 'name' | 'uri';
}

const byEra: Record<Era, ReadonlyMap<string, MethodSpec>> = {
  legacy: select('legacy'),
  modern: select('modern'),
};

/** How `method` is served in `era`; undefined when that era has no such method. */
export function methodSpec(era: Era, method: string): MethodSpec | undefined {
  return byEra[era].get(method);
}

function select(era: Era): ReadonlyMap<string, MethodSpec> {
  const all: [string, MethodSpec][] = Object.entries(methodTable);
  return new Map(all.filter(([, spec]) => spec.eras.includes(era)));
}
