import type { PreparedStep } from '../preparation.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import { parseTemplate, textsOf } from '../scenarios/template.ts';
import { isSecret, namesSecret } from '../secret-values.ts';

/** A variable whose value a script takes from its environment. */
export interface SecretVariable {
  /** Of the environment. */
  name: string;
  /** A value that is no text is given as JSON. */
  isText: boolean;
}

/**
 * The variables of a scenario whose values stay out of a script: by their name or value, or because a step sends them in a
 * header, a field or a parameter of a secret name. One that is only made of expressions holds no secret.
 */
export function secretVariables(
  variables: Readonly<Record<string, JsonValue>>,
  steps: readonly PreparedStep[],
): string[] {
  const used = new Set(steps.flatMap(sentAsSecret));
  return Object.entries(variables).flatMap(([name, value]) =>
    isGiven(value) && (used.has(name) || holdsSecret(name, value)) ? [name] : [],
  );
}

/** Names for the environment, each a different one for a different value. */
export class EnvironmentNames {
  readonly #byName = new Map<string, string>();

  /** E.g. `SCENARIO_API_TOKEN` for `apiToken`: no program has a name of its own that begins so. */
  nameFor(variable: string, value: JsonValue): string {
    const words = variable.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase();
    const base = `SCENARIO_${words}`;
    const text = JSON.stringify(value);
    let name = base;
    for (let next = 2; (this.#byName.get(name) ?? text) !== text; next += 1) name = `${base}_${next}`;
    this.#byName.set(name, text);
    return name;
  }
}

/** Whether the scenario's author wrote any of it: `${uuid}` is made up each time. */
function isGiven(value: JsonValue): boolean {
  if (typeof value === 'number') return true;
  return textsOf(value).some((text) =>
    parseTemplate(text).some((part) => (typeof part === 'string' ? part !== '' : part.kind === 'pick')),
  );
}

function holdsSecret(name: string, value: JsonValue): boolean {
  if (typeof value === 'string' || typeof value === 'number') return isSecret(name, value);
  if (typeof value !== 'object' || value === null) return false;
  return namesSecret(name) || Object.entries(value).some(([key, member]) => holdsSecret(key, member));
}

/** The variables that a step sends where a secret is expected. */
function sentAsSecret(step: PreparedStep): string[] {
  switch (step.kind) {
    case 'http': {
      const { headers, path, body } = step;
      const ofBody = body?.kind === 'json' ? body.value : body?.kind === 'form' ? { ...body.fields } : null;
      return [...inSecretMembers({ ...headers }), ...inSecretMembers(ofBody), ...inSecretParameters(path)];
    }
    case 'mcp':
      return inSecretMembers({ ...step.params });
    case 'rpc':
      return [...inSecretMembers({ ...step.params }), ...inSecretParameters(step.path)];
    case 'pool':
    case 'think':
    case 'session':
      return [];
  }
}

function inSecretMembers(value: JsonValue): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    namesSecret(key) ? textsOf(member).flatMap(variablesIn) : inSecretMembers(member),
  );
}

function inSecretParameters(path: string): string[] {
  const pairs = path.split(/[?&;]/).slice(1);
  return pairs.flatMap((pair) => {
    const [key = '', ...value] = pair.split('=');
    return namesSecret(key) ? variablesIn(value.join('=')) : [];
  });
}

function variablesIn(text: string): string[] {
  return parseTemplate(text).flatMap((part) =>
    typeof part !== 'string' && part.kind === 'variable' ? [part.name] : [],
  );
}
