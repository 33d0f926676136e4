import type { Step } from '../scenarios/scenario.ts';
import { escapeTemplate } from '../scenarios/template.ts';
import { isSecret } from '../secret-values.ts';
import { Correlation } from './correlation.ts';
import { groupedName, split } from './grouped-name.ts';
import type { Exchange } from './har-file.ts';
import type { LeftOutList } from './recorded-scenario.ts';
import type { RecordedStep } from './recorded-step.ts';
import { isSecretPart, useOfHeader } from './request-secrets.ts';
import { rewriteStep } from './rewrite-step.ts';
import { VariableNames } from './variable-names.ts';

/** What stands for a secret of the recording until its author fills it in. */
const placeholder = 'FILL-IN';

/** A step with its expressions, and the request that it comes from. */
export interface Expressed {
  step: Step;
  exchange: Exchange;
}

/**
 * Puts expressions where an earlier answer gave the value, and variables where there were secrets; gives these variables
 * with a placeholder. What had to be taken out is added to `leftOut`.
 */
export function expressed(
  recorded: readonly RecordedStep[],
  leftOut: LeftOutList,
): { steps: Expressed[]; variables: Record<string, string> } {
  const names = new VariableNames();
  const correlation = new Correlation(names);
  const secrets = new Map<string, string>();
  const rewritten = recorded.map(({ step, answer, exchange }, index) => {
    const withValues = rewriteStep(step, ({ where, key, value, encoded }) => {
      // An expression is not encoded when it is rendered.
      const expression = encoded ? undefined : correlation.expressionFor(value, where === 'text');
      const isOpen = key === '' && where === 'text' ? !isSecretPart(String(value)) : !isSecret(key, value);
      if (expression !== undefined || value === '' || isOpen) return expression;
      // The same secret again is the same variable; another one in a field of this name is not.
      const place = `${key}\n${value}`;
      const known = secrets.get(place);
      if (known === undefined)
        leftOut.add(
          `the value of ${key === '' ? 'a part of a path' : key}`,
          'a secret: give one to its variable',
        );
      const variable = known ?? names.unique(key === '' ? 'secret' : key);
      secrets.set(place, variable);
      return `\${${variable}}`;
    });
    const headers = headersOf(exchange, correlation, leftOut);
    const withHeaders =
      withValues.kind === 'http'
        ? { ...withValues, headers: { ...headers, ...withValues.headers } }
        : withValues;
    correlation.learn(index, answer, subjectOf(step));
    return { step: named(withHeaders), exchange };
  });
  const steps = rewritten.map(({ step, exchange }, index) => ({
    step: { ...step, extract: correlation.extractionsOf(index) },
    exchange,
  }));
  const variables = Object.fromEntries([...secrets.values()].map((name) => [name, placeholder]));
  return { steps, variables };
}

function headersOf(
  { headers }: Exchange,
  correlation: Correlation,
  leftOut: LeftOutList,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    const use = useOfHeader(name, value);
    if (use === 'browser' || name === 'content-type') continue;
    // A token that an answer gave, e.g. to a login, is taken from the answer again.
    const [, scheme = '', secret = ''] = /^((?:\w+ )?)(\S+)$/.exec(value) ?? [];
    const expression = use === 'secret' ? correlation.expressionFor(secret, false) : undefined;
    if (expression !== undefined) kept[name] = scheme + expression;
    else if (use === 'secret') leftOut.add(`the header ${name}`, 'a secret, or of one session only');
    else kept[name] = escapeTemplate(value);
  }
  return kept;
}

/** The last word of what a step asks for, to tell one id from another. */
function subjectOf(step: RecordedStep['step']): string {
  if (step.kind === 'tool') return step.tool;
  if (step.kind === 'mcp') return step.method;
  const words = groupedName(split(step.path)[0]).split('/');
  return words.findLast((word) => word !== '' && word !== ':id') ?? '';
}

function named<Named extends RecordedStep['step']>(step: Named): Named {
  if (step.kind !== 'http') return step;
  const name = groupedName(step.path);
  return name === step.path ? step : { ...step, name };
}
