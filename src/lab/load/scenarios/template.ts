import { randomUUID } from 'node:crypto';
import { integerBetween } from '../random.ts';
import type { Random } from '../random.ts';
import type { JsonValue } from './json-value.ts';

/**
 * Texts of a scenario may hold expressions: `${name}` is a variable, `${uuid}` a new UUID, `${int 1 10}` a whole
 * number between both bounds, `${pick red green}` one of the words. `$${` stands for `${` itself. The language is this
 * small so that every engine that a scenario is exported to can say the same.
 */
export type Expression =
  | { kind: 'variable'; name: string }
  | { kind: 'uuid' }
  | { kind: 'int'; min: number; max: number }
  | { kind: 'pick'; words: readonly string[] };

/** A text that is cut at its expressions. */
export type TemplateParts = readonly (string | Expression)[];

/** What an expression can see. */
export interface TemplateScope {
  readonly variables: Readonly<Record<string, JsonValue>>;
  readonly random: Random;
}

/** A template that cannot be read; the message says which expression and why. */
export class TemplateError extends Error {}

const expressionPattern = /\$\$\{|\$\{([^}]*)\}?/g;
export const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Cuts a text at its expressions; a text without any gives itself. Throws TemplateError. */
export function parseTemplate(text: string): TemplateParts {
  const parts: (string | Expression)[] = [];
  let literal = '';
  let end = 0;
  for (const match of text.matchAll(expressionPattern)) {
    literal += text.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[0] === '$${') {
      literal += '${';
      continue;
    }
    if (!match[0].endsWith('}')) throw new TemplateError(`'${match[0].slice(0, 40)}' has no closing brace`);
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(parseExpression(match[1] ?? ''));
  }
  literal += text.slice(end);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return parts;
}

function parseExpression(source: string): Expression {
  const [head = '', ...rest] = source.trim().split(/\s+/);
  if (head === 'uuid' && rest.length === 0) return { kind: 'uuid' };
  if (head === 'int') {
    const [min, max] = rest.map(Number);
    const whole = Number.isSafeInteger(min) && Number.isSafeInteger(max);
    if (rest.length === 2 && whole && min !== undefined && max !== undefined && min <= max) {
      return { kind: 'int', min, max };
    }
    throw new TemplateError(`'\${${source}}': write two whole numbers, e.g. \${int 1 100}`);
  }
  if (head === 'pick' && rest.length > 0) return { kind: 'pick', words: rest };
  if (variablePattern.test(head) && rest.length === 0 && head !== 'pick')
    return { kind: 'variable', name: head };
  throw new TemplateError(
    `'\${${source}}' is none of \${name}, \${uuid}, \${int 1 100} and \${pick one two} (write $\${ for the text itself)`,
  );
}

/** The template that renders to this text: the way back for what holds no expression. */
export function escapeTemplate(text: string): string {
  return text.replaceAll('${', () => '$${');
}

/** The text, where rendering gives the same each time. */
export function literalOf(parts: TemplateParts): string | undefined {
  return parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
}

/** The text; values that are no text are written as JSON. */
function renderText(parts: TemplateParts, scope: TemplateScope): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else {
      const value = evaluate(part, scope);
      text += typeof value === 'string' ? value : JSON.stringify(value);
    }
  }
  return text;
}

/** The value: an expression that is the whole text keeps its type, so that `${count}` can be a number. */
function renderValue(parts: TemplateParts, scope: TemplateScope): JsonValue {
  const [only] = parts;
  return parts.length === 1 && only !== undefined && typeof only !== 'string'
    ? evaluate(only, scope)
    : renderText(parts, scope);
}

/** Names that nothing gives a value are found before the load begins (check-variables.ts); one that is left is null. */
function evaluate(expression: Expression, { variables, random }: TemplateScope): JsonValue {
  switch (expression.kind) {
    case 'variable':
      return (Object.hasOwn(variables, expression.name) ? variables[expression.name] : undefined) ?? null;
    case 'uuid':
      return randomUUID();
    case 'int':
      return integerBetween(random, expression.min, expression.max);
    case 'pick':
      return expression.words[integerBetween(random, 0, expression.words.length - 1)] ?? null;
  }
}

/** Whether a JSON value holds an expression in one of its texts. */
export function hasExpressions(value: JsonValue): boolean {
  return textsOf(value).some((text) => literalOf(parseTemplate(text)) === undefined);
}

/** What a JSON value without expressions stands for: `$${` in its texts is `${`. */
export function literalJson(value: JsonValue): JsonValue {
  if (typeof value === 'string') return literalOf(parseTemplate(value)) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? value.map(literalJson) : literalMembers(value);
}

/** The same for an object. */
export function literalMembers<Member extends JsonValue>(
  members: Readonly<Record<string, Member>>,
): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, literalJson(member)]));
}

/** Every text of a JSON value. */
export function textsOf(value: JsonValue): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/** Makes a JSON value into a function that renders it; what holds no expression is not looked at again. */
export function compileJson(value: JsonValue): (scope: TemplateScope) => JsonValue {
  if (typeof value === 'string') {
    const parts = parseTemplate(value);
    const literal = literalOf(parts);
    return literal === undefined ? (scope) => renderValue(parts, scope) : () => literal;
  }
  if (typeof value !== 'object' || value === null) return () => value;
  if (!hasExpressions(value)) {
    const literal = literalJson(value);
    return () => literal;
  }
  if (Array.isArray(value)) {
    const items = value.map(compileJson);
    return (scope) => items.map((item) => item(scope));
  }
  const members = Object.entries(value).map(([key, member]) => [key, compileJson(member)] as const);
  return (scope) => Object.fromEntries(members.map(([key, member]) => [key, member(scope)]));
}

/** Makes a text into a function that renders it. */
export function compileText(text: string): (scope: TemplateScope) => string {
  const parts = parseTemplate(text);
  const literal = literalOf(parts);
  return literal === undefined ? (scope) => renderText(parts, scope) : () => literal;
}
