import { expect, test } from 'vitest';
import { VariableNames } from './variable-names.ts';

test('a name is made of letters, digits and underscores, each a different one', () => {
  const names = new VariableNames();
  const made = ['tools id', 'tools-id', '--access-token--', '1st', '', 'uuid'].map((words) =>
    names.unique(words),
  );
  expect(made).toEqual(['tools_id', 'tools_id_2', 'access_token', 'value_1st', 'value', 'uuid_2']);
});

test('no more than the first 40 characters are looked at', () => {
  expect(new VariableNames().unique(`${'_'.repeat(1024 * 1024)}late`)).toBe('value');
  expect(new VariableNames().unique('x'.repeat(1024 * 1024))).toHaveLength(40);
});
