import type { Random } from '../random.ts';
import type { JsonValue } from './json-value.ts';
import { compileJson } from './template.ts';

/** A scenario's variables for one user: expressions in them are evaluated once for each. */
export function renderVariables(
  variables: Readonly<Record<string, JsonValue>>,
  random: Random,
): Record<string, JsonValue> {
  const scope = { random, variables: {} };
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, compileJson(value)(scope)]),
  );
}
