import { describe, expect, it, test } from 'vitest';
import { UngenerableSchemaError, generateArguments, generateValue } from './argument-generator.ts';
import { createRandom } from './random.ts';

const random = createRandom(1);
const make = (property: object, rest: object = {}): unknown =>
  generateArguments({ type: 'object', properties: { x: property }, required: ['x'], ...rest }, random)['x'];
const many = (property: object): unknown[] => Array.from({ length: 50 }, () => make(property));

describe('made-up arguments', () => {
  it('hold the required properties and no others', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' } },
      required: ['b'],
    };
    expect(Object.keys(generateArguments(schema, random))).toEqual(['b']);
  });

  it.each([undefined, true, {}, { type: 'object' }])('are empty when nothing is asked for (%j)', (schema) => {
    expect(generateArguments(schema, random)).toEqual({});
  });

  it('are the same again with the same seed', () => {
    const schema = { properties: { a: { type: 'string' }, n: { type: 'integer' } }, required: ['a', 'n'] };
    const [one, two] = [createRandom(5), createRandom(5)].map((seeded) =>
      Array.from({ length: 20 }, () => generateArguments(schema, seeded)),
    );
    expect(one).toEqual(two);
  });

  it('take what the schema itself offers', () => {
    expect(make({ const: 7 })).toBe(7);
    expect(make({ type: 'string', pattern: '^[A-Z]{3}$', default: 'ABC' })).toBe('ABC');
    expect(make({ type: 'string', examples: ['one'] })).toBe('one');
    expect(new Set(many({ enum: ['a', 'b'] }))).toEqual(new Set(['a', 'b']));
  });

  it.each([
    [{ type: 'integer', minimum: 3, maximum: 5 }, (n: number) => Number.isInteger(n) && n >= 3 && n <= 5],
    [{ type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 5 }, (n: number) => n === 4],
    [{ type: 'number', minimum: -1, maximum: -0.5 }, (n: number) => n >= -1 && n <= -0.5],
    [{ type: 'integer', multipleOf: 10, minimum: 5 }, (n: number) => n % 10 === 0 && n >= 10],
    [{ type: 'integer', maximum: -5 }, (n: number) => n <= -5],
  ])('keep the bounds of numbers: %j', (schema, isAllowed) => {
    expect(many(schema).every((value) => typeof value === 'number' && isAllowed(value))).toBe(true);
  });

  it('keep the bounds of texts and lists', () => {
    expect(make({ type: 'string', minLength: 40, maxLength: 41 })).toHaveLength(40);
    expect(make({ type: 'string', maxLength: 2 })).toHaveLength(2);
    expect(make({ type: 'array', items: { type: 'boolean' }, minItems: 3 })).toEqual(
      Array.from({ length: 3 }, () => expect.any(Boolean)),
    );
  });

  it('keep formats', () => {
    expect(make({ type: 'string', format: 'uuid' })).toMatch(
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/,
    );
    expect(Number.isNaN(Date.parse(String(make({ type: 'string', format: 'date-time' }))))).toBe(false);
    expect(URL.canParse(String(make({ type: 'string', format: 'uri' })))).toBe(true);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'])(
    'make nothing up for a format that nobody knows: %s',
    (format) => {
      expect(() => make({ type: 'string', format })).toThrow(`the format "${format}" is not known`);
      expect(generateArguments({ properties: {}, required: [format] }, random)).toHaveProperty(
        [format],
        'any',
      );
    },
  );

  it('guess by the name or the description where only those tell', () => {
    const made = generateArguments(
      {
        properties: {
          source_timezone: { type: 'string' },
          target: { type: 'string', description: 'IANA time zone to convert to' },
          time: { type: 'string', description: 'as HH:MM' },
        },
        required: ['source_timezone', 'target', 'time'],
      },
      random,
    );
    expect(() => new Intl.DateTimeFormat('en', { timeZone: String(made['source_timezone']) })).not.toThrow();
    expect(() => new Intl.DateTimeFormat('en', { timeZone: String(made['target']) })).not.toThrow();
    expect(made['time']).toMatch(/^\d\d:\d\d$/);
  });

  it('follow references within the schema, unions and allOf', () => {
    const $defs = { point: { type: 'object', properties: { lat: { type: 'number' } }, required: ['lat'] } };
    expect(make({ $ref: '#/$defs/point' }, { $defs })).toEqual({ lat: expect.any(Number) });
    expect(make({ anyOf: [{ type: 'string', pattern: '^x' }, { type: 'null' }] })).toBeNull();
    const named = { properties: { name: { const: 'n' } }, required: ['name'] };
    expect(make({ type: 'object', allOf: [{ $ref: '#/$defs/point' }, named] }, { $defs })).toEqual({
      lat: expect.any(Number),
      name: 'n',
    });
  });
});

describe('values within an OpenAPI description', () => {
  const document = { components: { schemas: { Name: { type: 'string', example: 'by example' } } } };
  const made = (schema: unknown): unknown => generateValue(schema, document, createRandom(1), 'query q');

  it('follow its references and take its examples', () => {
    expect(made({ $ref: '#/components/schemas/Name' })).toBe('by example');
    expect(made({ example: 7, default: 8 })).toBe(7);
  });

  it('keep the exclusive bounds of OpenAPI 3.0', () => {
    expect(
      made({ type: 'integer', minimum: 4, exclusiveMinimum: true, maximum: 6, exclusiveMaximum: true }),
    ).toBe(5);
    expect(made({ type: 'integer', minimum: 4, exclusiveMinimum: false, maximum: 4 })).toBe(4);
  });

  it('are refused by what they are for', () => {
    expect(() => made({ pattern: '^x' })).toThrow('query q: `pattern` is not supported');
  });
});

describe('what cannot be made up is refused with its place', () => {
  it.each([
    [{ type: 'string', pattern: '^x' }, 'x: `pattern` is not supported'],
    [{ type: 'object', properties: { y: false }, required: ['y'] }, 'x.y: no value is allowed'],
    [{ type: 'integer', minimum: 5, maximum: 4 }, 'x: no number lies between its bounds'],
    [{ type: 'array', minItems: 2, uniqueItems: true }, 'x: `uniqueItems` is not supported'],
    [{ $ref: 'https://example.com/schema' }, 'x: an outside `$ref` is not followed'],
    [{ $ref: '#/$defs/missing' }, 'x: `$ref` #/$defs/missing leads nowhere'],
    [{ type: 'quantity' }, 'x: the type "quantity" is not known'],
    [{ anyOf: [{ not: {} }, { if: {} }] }, 'x: `not` is not supported'],
  ])('%j', (schema, message) => {
    expect(() => make(schema)).toThrow(message);
  });

  it('also a schema that refers to itself for ever', () => {
    const $defs = {
      node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, required: ['next'] },
    };
    expect(() => make({ $ref: '#/$defs/node' }, { $defs })).toThrow(UngenerableSchemaError);
  });
});

describe('keywords beside each other all hold', () => {
  const text = { type: 'string' };

  it('what every alternative requires, and what the chosen one does', () => {
    const schema = {
      type: 'object',
      properties: { a: text, b: text, c: text },
      required: ['a'],
      anyOf: [{ required: ['b'] }, { required: ['c'] }],
    };
    expect(Object.keys(generateArguments(schema, createRandom(1))).toSorted()).toEqual(['a', 'b']);
  });

  it('what stands beside a reference, and what it refers to', () => {
    const schema = {
      $ref: '#/$defs/base',
      required: ['b'],
      properties: { b: text },
      $defs: { base: { type: 'object', properties: { a: text }, required: ['a'] } },
    };
    expect(Object.keys(generateArguments(schema, createRandom(1))).toSorted()).toEqual(['a', 'b']);
  });

  test.each([
    [{ type: 'string', format: 'iban' }, 'the format "iban" is not known'],
    [{ type: 'string', format: 'constructor' }, 'the format "constructor" is not known'],
    [{ type: 'string', format: 'email', maxLength: 5 }, 'no email of that length is made up'],
  ])('%j is not made up', (schema, message) => {
    expect(() => generateArguments({ properties: { v: schema }, required: ['v'] }, createRandom(1))).toThrow(
      `v: ${message}`,
    );
  });
});
