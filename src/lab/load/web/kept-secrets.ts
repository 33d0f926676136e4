import { GaugewayError } from '../../../shared/errors.ts';
import { useOfHeader } from '../recording/request-secrets.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import type { Scenario, Step, WeightedScenario } from '../scenarios/scenario.ts';
import { isSecret } from '../secret-values.ts';

/**
 * Throws GaugewayError usage when a scenario holds what looks by its name like a secret, and `host` is another than that
 * of the command: whoever may use the page could have it sent to a host of their own. What the code of a module sends
 * is not seen here.
 */
export function keepSecrets(
  scenarios: readonly WeightedScenario[],
  host: string,
  ownHost: string | undefined,
): void {
  if (host === ownHost) return;
  for (const { scenario } of scenarios) {
    const names = secretNamesOf(scenario);
    if (names.length === 0) continue;
    throw new GaugewayError(
      'usage',
      `the scenario ${scenario.name} holds secrets (${names.join(', ')}): they go to no other host than ` +
        `${ownHost ?? 'the one'} that the command was started with (--target)`,
    );
  }
}

/** Of variables, headers, and fields of what is sent. */
function secretNamesOf({ variables, setup, start, tasks, stop, teardown }: Scenario): string[] {
  const steps = [...setup, ...start, ...tasks.flatMap((task) => task.steps), ...stop, ...teardown];
  return [...new Set([...secretFieldsOf({ ...variables }), ...steps.flatMap(secretsOfStep)])];
}

function secretsOfStep(step: Step): string[] {
  switch (step.kind) {
    case 'http': {
      const { headers, body } = step;
      const names = Object.entries(headers)
        .filter(([name, value]) => value !== '' && useOfHeader(name.toLowerCase(), value) === 'secret')
        .map(([name]) => name);
      if (body?.kind === 'json') return [...names, ...secretFieldsOf(body.value)];
      return body?.kind === 'form' ? [...names, ...secretFieldsOf({ ...body.fields })] : names;
    }
    case 'mcp':
      return secretFieldsOf({ ...step.params });
    case 'tool':
      return secretFieldsOf({ ...step.arguments });
    case 'think':
    case 'session':
      return [];
  }
}

function secretFieldsOf(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(secretFieldsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    if (typeof field !== 'string' && typeof field !== 'number') return secretFieldsOf(field);
    return field !== '' && isSecret(name, field) ? [name] : [];
  });
}
