import { describe, expect, it, test } from 'vitest';
import { createRandom } from '../random.ts';
import { compileJson, compileText, parseTemplate, TemplateError } from './template.ts';

const scope = { variables: { id: 7, name: 'ada', list: [1, 2] }, random: createRandom(1) };

describe('a text with expressions', () => {
  it('holds the values of variables; what is no text is written as JSON', () => {
    expect(compileText('/users/${id}?by=${name}&of=${list}')(scope)).toBe('/users/7?by=ada&of=[1,2]');
  });

  it('draws whole numbers between both bounds, and words', () => {
    const number = compileText('${int 3 5}');
    const word = compileText('${pick red green}');
    const drawn = Array.from({ length: 200 }, () => [number(scope), word(scope)]);
    expect(new Set(drawn.map(([first]) => first))).toEqual(new Set(['3', '4', '5']));
    expect(new Set(drawn.map(([, second]) => second))).toEqual(new Set(['red', 'green']));
  });

  it('makes a new UUID each time', () => {
    const text = compileText('${uuid}');
    expect(text(scope)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(text(scope)).not.toBe(text(scope));
  });

  it('holds ${ itself where it is written $${', () => {
    expect(compileText('a $${id} costs $5')(scope)).toBe('a ${id} costs $5');
  });

  test.each(['${', '${}', '${int 5 3}', '${int a b}', '${pick}', '${two words}', '${1st}', 'x ${id'])(
    'is refused as %s',
    (text) => expect(() => parseTemplate(text)).toThrow(TemplateError),
  );
});

describe('a JSON value with expressions', () => {
  it('keeps the type of a value that is a whole expression', () => {
    const value = compileJson({
      id: '${id}',
      tags: ['${name}', 'x-${id}'],
      deep: { list: '${list}' },
      on: true,
    });
    expect(value(scope)).toEqual({ id: 7, tags: ['ada', 'x-7'], deep: { list: [1, 2] }, on: true });
  });

  it('is the very same value each time where it holds no expression', () => {
    const given = { a: [1, { b: 'c' }] };
    const value = compileJson(given);
    expect(value(scope)).toEqual(given);
    expect(value(scope)).toBe(value(scope));
  });
});
