import { expect, test } from 'vitest';
import { renderDiff, type DiffDocument } from './render-diff.ts';

const document: DiffDocument = {
  command: 'cpu diff',
  before: { title: 'before', busy: 480_000 },
  after: { title: 'after', busy: 210_000 },
  unit: 'microseconds',
  margin: 0.26,
  functions: [],
  changed: 0,
};
const layout = { columns: 80, color: false };

test('a difference says how much of it may be chance', () => {
  expect(renderDiff(document, layout)).toContain(
    'Changes below 26 points may be chance: there are no more samples.',
  );
});

test('a profile that does not count its samples says nothing of chance', () => {
  expect(renderDiff({ ...document, margin: null }, layout).join('\n')).not.toContain('chance');
});
