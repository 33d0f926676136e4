import { followReference } from './local-reference.ts';
import { asObject } from './mcp-wire.ts';
import { between, integerBetween } from './random.ts';
import type { Random } from './random.ts';

/** A schema that asks for something that cannot be made up; its message names the keyword and where it stands. */
export class UngenerableSchemaError extends Error {
  constructor(path: string, reason: string) {
    super(`${path === '' ? 'the arguments' : path}: ${reason}`);
    this.name = 'UngenerableSchemaError';
  }
}

const maxDepth = 12;
const maxTextLength = 4_096;
const maxItems = 64;
const words = ['alpha', 'bravo', 'delta', 'gauge', 'lima', 'metric', 'sierra', 'tango'];

/** Keywords that need a solver or knowledge of the tool; a required value under one of them is not made up. */
const unsupported = [
  'not',
  'if',
  'pattern',
  'contains',
  'dependentRequired',
  'dependentSchemas',
  'minProperties',
  'propertyNames',
  'unevaluatedProperties',
  '$dynamicRef',
];

const formats = new Map<string, (random: Random) => string>([
  ['date-time', (random) => new Date(Date.UTC(2026, integerBetween(random, 0, 11), 15, 12)).toISOString()],
  ['date', (random) => `2026-${String(integerBetween(random, 1, 12)).padStart(2, '0')}-15`],
  ['time', () => '12:30:00Z'],
  ['duration', () => 'PT1M'],
  ['email', () => 'user@example.com'],
  ['hostname', () => 'example.com'],
  ['ipv4', () => '192.0.2.1'],
  ['ipv6', () => '2001:db8::1'],
  ['uri', () => 'https://example.com/'],
  ['uri-reference', () => '/'],
  [
    'uuid',
    (random) => {
      const hex = Array.from({ length: 32 }, () => integerBetween(random, 0, 15).toString(16)).join('');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  ],
]);

/** Formats that say how a text is shown or read, and allow any. */
const freeFormats = new Set(['password', 'text', 'markdown', 'textarea', 'multiline']);

/** What free text most likely has to be, by the property's name or what its description says; the first match counts. */
const hints: readonly { matches: RegExp; values: readonly string[] }[] = [
  { matches: /time_?zone|\btz\b|IANA/i, values: ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Tokyo'] },
  { matches: /HH:MM/, values: ['09:15', '12:30', '18:45'] },
  {
    matches: /(^|_)time$|timestamp|ISO ?8601|RFC ?3339/i,
    values: ['2026-01-15T12:00:00Z', '2026-07-01T06:30:00Z'],
  },
  { matches: /(^|_)date$/i, values: ['2026-01-15', '2026-07-01'] },
  { matches: /(^|_)ur[il]$/i, values: ['https://example.com/'] },
];

/**
 * Makes up an argument object that is valid by the tool's `inputSchema` (JSON Schema 2020-12): required
 * properties only, so that what a tool does not ask for stays out. Throws {@link UngenerableSchemaError}.
 */
export function generateArguments(inputSchema: unknown, random: Random): Record<string, unknown> {
  const root = asObject(inputSchema) ?? {};
  const value = asObject(
    generate({ type: 'object', ...root }, { root, random, path: '', depth: 0, name: '' }),
  );
  if (value === undefined) throw new UngenerableSchemaError('', 'the schema does not describe an object');
  return value;
}

/**
 * Makes up a value that is valid by a schema within `document`, to which its `$ref`s point; `name` is what it is for. The
 * dialect of OpenAPI 3.0 is understood, too. Throws {@link UngenerableSchemaError}.
 */
export function generateValue(
  schema: unknown,
  document: Record<string, unknown>,
  random: Random,
  name: string,
): unknown {
  return generate(schema, { root: document, random, path: name, depth: 0, name });
}

interface Context {
  root: Record<string, unknown>;
  random: Random;
  /** For messages, e.g. `filter.items`. */
  path: string;
  depth: number;
  /** Name and description of the nearest property, for the hints. */
  name: string;
}

function generate(schema: unknown, context: Context): unknown {
  if (context.depth > maxDepth)
    throw new UngenerableSchemaError(context.path, 'the schema is nested too deeply');
  if (schema === true) return 'any';
  const node = asObject(schema);
  if (node === undefined) throw new UngenerableSchemaError(context.path, 'no value is allowed');
  if ('const' in node) return node['const'];
  const choices = firstList(node, ['enum', 'examples']);
  if (choices !== undefined) return pick(choices, context.random);
  // OpenAPI's own keyword for one example.
  if ('example' in node) return node['example'];
  if ('default' in node) return node['default'];
  const keyword = unsupported.find((name) => name in node);
  if (keyword !== undefined)
    throw new UngenerableSchemaError(context.path, `\`${keyword}\` is not supported`);
  if (typeof node['$ref'] === 'string') {
    // What stands beside a reference holds as well.
    const { $ref: reference, ...siblings } = node;
    const target = resolve(reference, context);
    return generate(target === false ? false : merge(siblings, [target], '$ref', context), deeper(context));
  }
  if (Array.isArray(node['allOf'])) {
    const { allOf: parts, ...siblings } = node;
    return generate(merge(siblings, parts, 'allOf', context), deeper(context));
  }
  for (const union of ['oneOf', 'anyOf']) {
    const alternatives = node[union];
    if (Array.isArray(alternatives)) return generateFirst(node, union, alternatives, context);
  }
  return generateTyped(node, context);
}

/** The first alternative for which a value can be made; siblings of the keyword hold for each of them. */
function generateFirst(
  node: Record<string, unknown>,
  union: string,
  alternatives: unknown[],
  context: Context,
): unknown {
  const { [union]: _alternatives, ...siblings } = node;
  let reason: UngenerableSchemaError | undefined;
  for (const alternative of alternatives) {
    try {
      const either = alternative === false ? false : merge(siblings, [alternative], union, context);
      return generate(either, deeper(context));
    } catch (error) {
      if (!(error instanceof UngenerableSchemaError)) throw error;
      reason ??= error;
    }
  }
  throw reason ?? new UngenerableSchemaError(context.path, `\`${union}\` is empty`);
}

function generateTyped(node: Record<string, unknown>, context: Context): unknown {
  const declared = Array.isArray(node['type']) ? node['type'][0] : node['type'];
  const type = declared ?? ('properties' in node ? 'object' : 'items' in node ? 'array' : 'string');
  switch (type) {
    case 'string':
      return generateString(node, context);
    case 'integer':
    case 'number':
      return generateNumber(node, type === 'integer', context);
    case 'boolean':
      return context.random() < 0.5;
    case 'null':
      return null;
    case 'array':
      return generateArray(node, context);
    case 'object':
      return generateObject(node, context);
    default:
      throw new UngenerableSchemaError(context.path, `the type ${JSON.stringify(type)} is not known`);
  }
}

function generateObject(node: Record<string, unknown>, context: Context): Record<string, unknown> {
  const properties = asObject(node['properties']) ?? {};
  const required = Array.isArray(node['required']) ? node['required'].map(String) : [];
  return Object.fromEntries(
    required.map((name) => {
      const schema = (Object.hasOwn(properties, name) ? properties[name] : undefined) ?? true;
      const description = asObject(schema)?.['description'];
      const path = context.path === '' ? name : `${context.path}.${name}`;
      const hint = typeof description === 'string' ? `${name}\n${description}` : name;
      return [name, generate(schema, { ...deeper(context), path, name: hint })];
    }),
  );
}

function generateArray(node: Record<string, unknown>, context: Context): unknown[] {
  const length = numberOf(node['minItems']) ?? 0;
  if (length > maxItems) throw new UngenerableSchemaError(context.path, `\`minItems\` is over ${maxItems}`);
  if (node['uniqueItems'] === true && length > 1) {
    throw new UngenerableSchemaError(context.path, '`uniqueItems` is not supported');
  }
  const prefix = Array.isArray(node['prefixItems']) ? node['prefixItems'] : [];
  return Array.from({ length }, (_, index) =>
    generate(prefix[index] ?? node['items'] ?? true, {
      ...deeper(context),
      path: `${context.path}[${index}]`,
    }),
  );
}

function generateString(node: Record<string, unknown>, context: Context): string {
  const min = numberOf(node['minLength']) ?? 0;
  const max = numberOf(node['maxLength']) ?? maxTextLength;
  if (min > maxTextLength)
    throw new UngenerableSchemaError(context.path, `\`minLength\` is over ${maxTextLength}`);
  const format = node['format'];
  if (typeof format === 'string' && !freeFormats.has(format)) {
    return formatted(format, { min, max }, context);
  }
  const [propertyName = '', description = ''] = context.name.split('\n');
  const hint = hints.find(({ matches }) => matches.test(propertyName) || matches.test(description));
  const text = pick(hint?.values ?? words, context.random);
  return String(text).padEnd(min, '-').slice(0, max);
}

/** Text of a format; a schema that bounds its length may leave none. */
function formatted(format: string, { min, max }: { min: number; max: number }, context: Context): string {
  const make = formats.get(format);
  if (make === undefined) {
    throw new UngenerableSchemaError(context.path, `the format ${JSON.stringify(format)} is not known`);
  }
  const text = make(context.random);
  if (text.length >= min && text.length <= max) return text;
  throw new UngenerableSchemaError(context.path, `no ${format} of that length is made up`);
}

function generateNumber(node: Record<string, unknown>, isInteger: boolean, context: Context): number {
  const step = numberOf(node['multipleOf']) ?? (isInteger ? 1 : undefined);
  const exclusiveGap = step ?? 1e-6;
  const exclusiveMin = exclusiveBound(node, 'exclusiveMinimum', 'minimum');
  const exclusiveMax = exclusiveBound(node, 'exclusiveMaximum', 'maximum');
  const min = exclusiveMin === undefined ? numberOf(node['minimum']) : exclusiveMin + exclusiveGap;
  const max = exclusiveMax === undefined ? numberOf(node['maximum']) : exclusiveMax - exclusiveGap;
  const low = min ?? Math.min(1, max ?? 1);
  const high = max ?? low + 99;
  if (step === undefined) {
    if (low > high) throw new UngenerableSchemaError(context.path, 'no number lies between its bounds');
    return between(context.random, low, high);
  }
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  if (first > last) throw new UngenerableSchemaError(context.path, 'no number lies between its bounds');
  return integerBetween(context.random, first, last) * step;
}

/** In the dialect of OpenAPI 3.0 it is `true` beside the bound. */
function exclusiveBound(node: Record<string, unknown>, keyword: string, bound: string): number | undefined {
  return numberOf(node[keyword] === true ? node[bound] : node[keyword]);
}

/** Only references within the schema itself: a network reference is never followed. */
function resolve(reference: string, context: Context): unknown {
  if (!reference.startsWith('#'))
    throw new UngenerableSchemaError(context.path, 'an outside `$ref` is not followed');
  const node = followReference(context.root, reference);
  if (node === undefined)
    throw new UngenerableSchemaError(context.path, `\`$ref\` ${reference} leads nowhere`);
  return node;
}

/**
 * Several schemas that all hold, as one: properties and required are joined; another keyword given twice cannot be
 * joined. `by` is the keyword that asks for it.
 */
function merge(
  node: Record<string, unknown>,
  parts: unknown[],
  by: string,
  context: Context,
): Record<string, unknown> {
  const merged = { ...node };
  for (const part of parts) {
    const reference = asObject(part)?.['$ref'];
    const schema = asObject(typeof reference === 'string' ? resolve(reference, context) : part) ?? {};
    for (const [keyword, value] of Object.entries(schema)) {
      const known = Object.hasOwn(merged, keyword) ? merged[keyword] : undefined;
      if (known === undefined || JSON.stringify(known) === JSON.stringify(value)) merged[keyword] = value;
      else if (keyword === 'required' && Array.isArray(known) && Array.isArray(value)) {
        merged[keyword] = [...new Set([...known, ...value])];
      } else if (keyword === 'properties') merged[keyword] = { ...asObject(known), ...asObject(value) };
      else if (!['title', 'description', '$comment'].includes(keyword)) {
        throw new UngenerableSchemaError(context.path, `\`${by}\` gives \`${keyword}\` twice`);
      }
    }
  }
  return merged;
}

function deeper(context: Context): Context {
  return { ...context, depth: context.depth + 1 };
}

function firstList(node: Record<string, unknown>, keywords: string[]): unknown[] | undefined {
  for (const keyword of keywords) {
    const value = node[keyword];
    if (Array.isArray(value) && value.length > 0) return value;
  }
  return undefined;
}

function pick<T>(values: readonly T[], random: Random): T | undefined {
  return values[Math.floor(random() * values.length)];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
