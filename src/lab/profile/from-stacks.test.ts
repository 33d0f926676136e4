import { expect, test } from 'vitest';
import { fromFolded } from './from-folded.ts';

test('a part is named after the command line of its process, without secrets', () => {
  const text = 'process 7:"python app.py --password hunter";thread (7): MainThread;f (app.py:1) 2';
  expect(fromFolded(text, { name: 'py-spy.raw' }).parts.map(({ label }) => label)).toEqual([
    'python app.py --password *** (pid 7) · MainThread',
  ]);
});
