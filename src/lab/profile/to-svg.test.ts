import { expect, test } from 'vitest';
import { ProfileBuilder } from './profile-builder.ts';
import { toSvg } from './to-svg.ts';

const frame = (name: string) => ({
  name,
  file: name.startsWith('(') ? '' : '/srv/app.ts',
  line: 1,
  column: 0,
});

function drawn(selfUs: Record<string, number>): string {
  const builder = new ProfileBuilder('gateway');
  for (const [name, us] of Object.entries(selfUs)) builder.add(builder.stack([frame(name)]), us);
  return toSvg(builder.build({ unit: 'microseconds', order: 'time', interval: 1000 }));
}

test('work has the whole width, and what waited is told', () => {
  const svg = drawn({ '(idle)': 9000, '(gaugeway profiler)': 500, parse: 500 });
  expect(svg).toContain('parse (/srv/app.ts:1) (0.5 ms, 100.0 %)');
  expect(svg).toContain('Waiting is left out: 95.0 % of the time.');
  expect(svg).not.toContain('data-name="(idle)"');
});

test('a process that did nothing but wait is drawn as one', () => {
  const svg = drawn({ '(idle)': 9000 });
  expect(svg).toContain('data-name="(idle)"');
  expect(svg).not.toContain('left out');
});
