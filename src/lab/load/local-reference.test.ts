import { describe, expect, it } from 'vitest';
import { followReference } from './local-reference.ts';

const document = {
  components: { schemas: { Item: { type: 'object' } } },
  paths: { '/a/{b}': { get: { parameters: [{ name: 'first' }, { name: 'second' }] } } },
  'odd~key %': 1,
};

describe('a reference within a document', () => {
  it.each<[reference: string, found: unknown]>([
    ['#', document],
    ['#/components/schemas/Item', { type: 'object' }],
    ['#/paths/~1a~1%7Bb%7D/get/parameters/1/name', 'second'],
    ['#/odd~0key%20%25', 1],
    ['#/odd~0key %', 1],
  ])('%s', (reference, found) => {
    expect(followReference(document, reference)).toEqual(found);
  });

  it.each([
    '#/components/schemas/Missing',
    '#/components/schemas/Item/type/0',
    '#/paths/constructor',
    '#/__proto__',
    'https://example.com/openapi.json#/components',
    'other.yaml',
    '/components',
    '#anchor',
  ])('leads nowhere: %s', (reference) => {
    expect(followReference(document, reference)).toBeUndefined();
  });
});
