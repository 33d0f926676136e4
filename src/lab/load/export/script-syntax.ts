import type { JsonValue } from '../scenarios/json-value.ts';
import { parseTemplate } from '../scenarios/template.ts';
import type { Expression, TemplateParts } from '../scenarios/template.ts';
import type { SecretVariable } from './secret-variables.ts';

/** How a language writes what a script holds. Texts of both are written as JSON writes them, which both read alike. */
export interface Syntax {
  words: { null: string; true: string; false: string };
  /** A key of an object that the language would take for something else. */
  key: (name: string) => string;
  expression: (expression: Expression) => string;
  /** A value of the environment: a text, or what its JSON says. */
  environment: (secret: SecretVariable) => string;
  /** A line that is only read by people. */
  comment: string;
}

export const python: Syntax = {
  words: { null: 'None', true: 'True', false: 'False' },
  key: quote,
  expression: (expression) => {
    switch (expression.kind) {
      case 'variable':
        return `self.v[${quote(expression.name)}]`;
      case 'uuid':
        return 'str(uuid.uuid4())';
      case 'int':
        return `random.randint(${expression.min}, ${expression.max})`;
      case 'pick':
        return `random.choice([${expression.words.map(quote).join(', ')}])`;
    }
  },
  environment: ({ name, isText }) => {
    const given = `os.environ[${quote(name)}]`;
    return isText ? given : `json.loads(${given})`;
  },
  comment: '#',
};

export const javaScript: Syntax = {
  words: { null: 'null', true: 'true', false: 'false' },
  // As a plain key it would set the object's prototype.
  key: (name) => (name === '__proto__' ? `[${quote(name)}]` : quote(name)),
  expression: (expression) => {
    switch (expression.kind) {
      case 'variable':
        return `user.v[${quote(expression.name)}]`;
      case 'uuid':
        return 'newUuid()';
      case 'int':
        return `between(${expression.min}, ${expression.max})`;
      case 'pick':
        return `oneOf([${expression.words.map(quote).join(', ')}])`;
    }
  },
  environment: ({ name, isText }) => {
    const given = `__ENV[${quote(name)}]`;
    return isText ? given : `JSON.parse(${given})`;
  },
  comment: '//',
};

/** A text as both languages read it: JSON's escapes mean the same in either. */
export function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007F-\u009F\u2028\u2029\uFEFF]/g, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

/** A text of a scenario, whose expressions are evaluated each time. */
export function textCode(text: string, syntax: Syntax): string {
  const parts = parseTemplate(text);
  const codes = parts.map((part) =>
    typeof part === 'string' ? quote(part) : `text(${syntax.expression(part)})`,
  );
  return codes.join(' + ');
}

/** A JSON value of a scenario, whose texts may hold expressions; one that is a whole text keeps its type. */
export function valueCode(value: JsonValue, syntax: Syntax): string {
  return code(value, syntax, (text) => {
    const parts: TemplateParts = parseTemplate(text);
    const [only] = parts;
    return parts.length === 1 && only !== undefined && typeof only !== 'string'
      ? syntax.expression(only)
      : textCode(text, syntax);
  });
}

/** A scenario's variables: of the secret ones, where their values come from. */
export function variablesCode(
  variables: Readonly<Record<string, JsonValue>>,
  secrets: ReadonlyMap<string, SecretVariable>,
  syntax: Syntax,
): string {
  const members = Object.entries(variables).map(([name, value]) => {
    const secret = secrets.get(name);
    return `${syntax.key(name)}: ${secret === undefined ? valueCode(value, syntax) : syntax.environment(secret)}`;
  });
  return `{${members.join(', ')}}`;
}

/** A JSON value as it is: nothing in its texts means anything. */
export function dataCode(value: JsonValue, syntax: Syntax): string {
  return code(value, syntax, quote);
}

function code(value: JsonValue, syntax: Syntax, ofText: (text: string) => string): string {
  if (typeof value === 'string') return ofText(value);
  if (value === undefined || value === null) return syntax.words.null;
  if (typeof value === 'boolean') return value ? syntax.words.true : syntax.words.false;
  if (typeof value === 'number') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => code(item, syntax, ofText)).join(', ')}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${syntax.key(name)}: ${code(member, syntax, ofText)}`,
  );
  return `{${members.join(', ')}}`;
}

/** A name that both languages take, made of any text; `taken` holds those that are in use. */
export function identifier(text: string, taken: Set<string>, prefix = ''): string {
  const words = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 50);
  const base = `${prefix}${words}`;
  let name = base;
  for (let next = 2; taken.has(name); next += 1) name = `${base}_${next}`;
  taken.add(name);
  return name;
}

/** Text in a comment stays one: no line of it can end it. */
export function commentLines(texts: readonly string[], { comment }: Syntax): string {
  return texts
    .map((text) => `${comment} ${text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')}`.trimEnd())
    .join('\n');
}
