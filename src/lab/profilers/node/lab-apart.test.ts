import { expect, test } from 'vitest';
import { profileWindow } from '../../../../test/support/synthetic-profile.ts';
import { frameWeights } from '../../profile/frame-weights.ts';
import { labApart } from './lab-apart.ts';
import { labSource } from './protocol-session.ts';

test('what the lab ran within a function is not charged to that function', () => {
  const { profile } = profileWindow([
    { stack: ['hot /srv/a.js'], ms: 90 },
    { stack: ['hot /srv/a.js', 'lab /lab', 'profile /node'], ms: 10 },
  ]);
  const frames = profile.frames.map((frame) =>
    frame.name === 'lab' ? { ...frame, file: labSource } : frame,
  );
  const apart = labApart({ ...profile, frames });
  const { self, total } = frameWeights(apart);
  const busy = apart.frames
    .map(({ name }, at) => [name, self[at], total[at]])
    .filter(([name, , all]) => all !== 0 && name !== '(root)');
  expect(busy).toEqual([
    ['hot', 90_000, 90_000],
    ['(gaugeway profiler)', 10_000, 10_000],
  ]);
  expect(apart.samples).toHaveLength(100);
});
