import type { PreparedStep } from './preparation.ts';
import type { AnswerHandling, Step } from './scenarios/scenario.ts';
import { escapeTemplate } from './scenarios/template.ts';

/** A step that needs nothing of the target: every one but a tool whose arguments are made up. */
export function prepareStep(step: Step): PreparedStep {
  switch (step.kind) {
    case 'http':
      return { ...step, name: nameOf(step) };
    case 'mcp': {
      const { method, params, path } = step;
      const message = { name: nameOf(step), method, params, ...handlingOf(step) };
      return path === undefined ? { kind: 'mcp', ...message } : { kind: 'rpc', path, ...message };
    }
    case 'tool': {
      const { tool } = step;
      // A tool's name is no template: the target may have chosen it.
      const params = { name: escapeTemplate(tool), arguments: { ...step.arguments } };
      return {
        kind: 'mcp',
        name: nameOf(step),
        method: 'tools/call',
        params,
        mcpName: tool,
        ...handlingOf(step),
      };
    }
    case 'think':
    case 'session':
      return step;
  }
}

/** The part of a step that says what is done with its answer. */
export function handlingOf({ check, extract }: AnswerHandling): AnswerHandling {
  return { extract, ...(check === undefined ? {} : { check }) };
}

/** The name under which a step's requests are counted; what a step that makes none is called. */
export function nameOf(step: Step): string {
  switch (step.kind) {
    case 'http':
      return `${step.method} ${step.name ?? step.path}`;
    case 'mcp':
      return step.name ?? step.method;
    case 'tool':
      return step.name ?? `tools/call ${step.tool}`;
    case 'think':
    case 'session':
      return step.kind;
  }
}
