import type { Scenario, Step } from './scenario.ts';
import { parseTemplate, textsOf } from './template.ts';

type Place = (string | number)[];

/**
 * Looks for names that nothing gives a value where they are used: `variables` and what `setup` extracts are known
 * everywhere, what `start` extracts in tasks and in `stop`, what a step extracts in the steps after it.
 */
export function checkVariables(scenario: Scenario): { at: Place; message: string } | undefined {
  const constants = Object.keys(scenario.variables);
  const hasCode = scenario.tasks.some(({ code }) => code !== undefined);
  const nested = textsOf(scenario.variables).flatMap(namesIn).at(0);
  if (nested !== undefined) {
    return { at: ['variables'], message: `\${${nested}}: a variable cannot be made of others` };
  }
  const afterSetup = [...constants, ...scenario.setup.flatMap(extracted)];
  const afterStart = [...afterSetup, ...scenario.start.flatMap(extracted)];
  const parts: { at: Place; steps: readonly Step[]; known: string[] }[] = [
    { at: ['setup'], steps: scenario.setup, known: constants },
    { at: ['start'], steps: scenario.start, known: afterSetup },
    ...scenario.tasks.map(({ steps }, index) => ({
      at: ['tasks', index, 'steps'],
      steps,
      known: afterStart,
    })),
    { at: ['stop'], steps: scenario.stop, known: afterStart },
    { at: ['teardown'], steps: scenario.teardown, known: afterSetup },
  ];
  // Code may set any variable; what it sets is known when it runs.
  if (hasCode) return undefined;
  for (const { at, steps, known } of parts) {
    const names = new Set(known);
    for (const [index, step] of steps.entries()) {
      const unknown = textsIn(step)
        .flatMap(namesIn)
        .find((name) => !names.has(name));
      if (unknown !== undefined) {
        return { at: [...at, index], message: `nothing before this step is called '${unknown}'` };
      }
      for (const name of extracted(step)) names.add(name);
    }
  }
  return undefined;
}

function extracted(step: Step): string[] {
  return 'extract' in step ? step.extract.map(({ variable }) => variable) : [];
}

function namesIn(text: string): string[] {
  return parseTemplate(text).flatMap((part) =>
    typeof part !== 'string' && part.kind === 'variable' ? [part.name] : [],
  );
}

/** The texts of a step in which expressions are evaluated. */
function textsIn(step: Step): string[] {
  switch (step.kind) {
    case 'http': {
      const { body } = step;
      const ofBody =
        body === undefined
          ? []
          : body.kind === 'json'
            ? textsOf(body.value)
            : body.kind === 'form'
              ? Object.values(body.fields)
              : [body.text];
      return [step.path, ...Object.values(step.headers), ...ofBody];
    }
    case 'mcp':
      return [...textsOf(step.params), ...(step.path === undefined ? [] : [step.path])];
    case 'tool':
      return textsOf(step.arguments ?? {});
    case 'think':
    case 'session':
      return [];
  }
}
