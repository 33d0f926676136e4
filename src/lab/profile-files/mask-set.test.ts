import { expect, test } from 'vitest';
import { ProfileBuilder } from '../profile/profile-builder.ts';
import { maskSet } from './mask-set.ts';

test('the command line of a process that stands among the frames is shown without secrets', () => {
  const builder = new ProfileBuilder('all');
  const name = 'process 7:"python app.py --password hunter';
  builder.add(builder.stack([{ name, file: '', line: 0, column: 0 }]), 1);
  const profile = builder.build({
    unit: 'microseconds',
    order: 'none',
    interval: 1,
    startMs: 0,
    endMs: 1,
  });
  const { parts } = maskSet({ title: 'all', facts: [], parts: [{ label: 'all', profile }] });
  expect(parts[0]?.profile.frames[1]?.name).toBe('process 7:"python app.py --password ***');
});
