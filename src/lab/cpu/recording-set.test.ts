import { expect, test } from 'vitest';
import { ProfileBuilder } from '../profile/profile-builder.ts';
import { readFlame } from '../profile/read-flame.ts';
import { profilerMs } from './recording-set.ts';

test('what the profiler does in a process is told apart, and counts in no share', () => {
  const builder = new ProfileBuilder('gateway');
  const stack = (name: string, file: string): number => builder.stack([{ name, file, line: 1, column: 0 }]);
  builder.add(stack('(gaugeway profiler)', 'gaugeway:profiler'), 200_000);
  builder.add(stack('parse', '/srv/app.ts'), 100_000);
  const profile = builder.build({ unit: 'microseconds', order: 'time', interval: 1000 });
  expect(profilerMs(profile)).toBe(200);
  expect(readFlame(profile)).toMatchObject({ busy: 100_000, kinds: [{ kind: 'own', share: 1 }] });
});
