import { z } from 'zod';

/** A name in a statement, with its schema where that is given. */
export interface ObjectName {
  schema: string | null;
  name: string;
}

/** What a statement names that PostgreSQL looks up in its catalogue. */
export interface NamedObjects {
  /** Tables and views; also the names of its own WITH queries. */
  relations: ObjectName[];
  /** Functions, and what may stand for one: `t.f` calls `f(t)`, and a type's name casts. */
  functions: ObjectName[];
  types: ObjectName[];
  operators: ObjectName[];
}

const stringNode = z.object({ String: z.object({ sval: z.string() }) });

/** Comparisons that need no sign in the text: IN, USING, CASE … WHEN, BETWEEN. */
const impliedOperators = ['=', '<>', '<', '<=', '>', '>='].map((name) => ({ schema: null, name }));

/** Collects the names in a tree of PostgreSQL's parser: more than what is called, never less. */
export function namedObjects(statement: unknown): NamedObjects {
  const named: NamedObjects = { relations: [], functions: [], types: [], operators: [...impliedOperators] };
  collect(statement, named);
  return named;
}

function collect(value: unknown, named: NamedObjects): void {
  if (typeof value !== 'object' || value === null) return;
  const node: Readonly<Record<string, unknown>> = { ...value };
  if (typeof node['relname'] === 'string') {
    const schema = node['schemaname'];
    named.relations.push({ schema: typeof schema === 'string' ? schema : null, name: node['relname'] });
  }
  named.functions.push(...nameOf(node['funcname']), ...nameOf(node['method']));
  named.types.push(...nameOf(node['names']));
  for (const key of ['name', 'useOp', 'operName']) named.operators.push(...nameOf(node[key]));
  const attributes = [...stringsIn(node['fields']).slice(1), ...stringsIn(node['indirection'])];
  named.functions.push(...attributes.map((name) => ({ schema: null, name })));
  for (const below of Object.values(node)) collect(below, named);
}

/** The name in a list of the parser's strings: a schema may stand before it. */
function nameOf(list: unknown): ObjectName[] {
  const parts = stringsIn(list);
  const name = parts.at(-1);
  return name === undefined ? [] : [{ schema: parts.at(-2) ?? null, name }];
}

function stringsIn(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const found = stringNode.safeParse(item);
    return found.success ? [found.data.String.sval] : [];
  });
}
