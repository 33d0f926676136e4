import { expect, test } from 'vitest';
import { exposedToolName, maxToolNameLength, slugify } from './tool-names.ts';

const legal = /^[a-zA-Z][a-zA-Z0-9_-]*$/;

test.each([
  ['lab', 'get_system_time', 'lab-get-system-time'],
  ['lab', 'Echo', 'lab-echo'],
  ['github', 'repos/list.all', 'github-repos-list-all'],
  ['x', 'Größe__ändern!', 'x-gro-e-andern'],
  ['9lives', 'cat', 't-9lives-cat'],
])('%s and %s give %s', (gateway, tool, name) => {
  expect(exposedToolName(gateway, tool, new Set())).toBe(name);
});

test('a long name is cut, stays legal, and tells its tool from every other', () => {
  const names = ['a', 'b'].map((end) =>
    exposedToolName('gateway', `${'very_long_'.repeat(12)}${end}`, new Set()),
  );
  expect(new Set(names).size).toBe(2);
  for (const name of names) {
    expect(name).toMatch(legal);
    expect(name.length).toBeLessThanOrEqual(maxToolNameLength);
    expect(name.startsWith('gateway-very-long-')).toBe(true);
  }
});

test('a name that is taken is told apart by a hash that does not depend on what took it', () => {
  const first = exposedToolName('lab', 'get.time', new Set(['lab-get-time']));
  const again = exposedToolName('lab', 'get.time', new Set(['lab-get-time', 'lab-other']));
  expect(first).toMatch(/^lab-get-time-[0-9a-f]{6}$/);
  expect(again).toBe(first);
  expect(exposedToolName('lab', 'get.time', new Set(['lab-get-time', first]))).not.toBe(first);
});

test('a tool of which no letter survives still has a name', () => {
  for (const tool of ['日本', '💥', '___', '']) {
    expect(exposedToolName('', tool, new Set())).toMatch(legal);
    expect(exposedToolName('lab', tool, new Set())).toMatch(legal);
  }
});

test('slugs have neither doubled nor outer dashes', () => {
  expect(slugify('  My Server (v2)! ')).toBe('my-server-v2');
});
