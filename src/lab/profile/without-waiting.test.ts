import { expect, test } from 'vitest';
import type { Profile } from './profile.ts';
import { ProfileBuilder } from './profile-builder.ts';
import { withoutIdle, withoutWaiting } from './without-waiting.ts';

const builder = new ProfileBuilder('gateway');
const add = (name: string, file: string, us: number): void =>
  builder.add(builder.stack([{ name, file, line: 1, column: 0 }]), us);
add('(idle)', '', 100);
add('EpollSelector.select', '/usr/lib/python3.11/selectors.py', 200);
add('relay', '/srv/app.py', 400);
const profile = builder.build({ unit: 'microseconds', order: 'time', interval: 100 });

const weightOf = ({ nodes }: Profile): number => nodes.reduce((sum, { self }) => sum + self, 0);

test('what a runtime calls idle is no work', () => {
  expect(weightOf(withoutWaiting(profile))).toBe(600);
});

test('neither is a function that waits for events', () => {
  expect(weightOf(withoutIdle(profile))).toBe(400);
});
