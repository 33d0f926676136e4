import { expect, test } from 'vitest';
import { profileWindow } from '../../../test/support/synthetic-profile.ts';
import { estimateBytes, reportProfiles } from './report-profiles.ts';

const stack = (name: string): { stack: string[]; ms: number } => ({ stack: [`${name} /app/a.ts`], ms: 5000 });
const at = (index: number, pid: number) => ({
  ...profileWindow([stack(`work${index}`)], 6000 + index * 5000 + pid),
  pid,
  target: `gateway (pid ${pid})`,
  file: `profiles/${pid}-${index}.cpuprofile`,
});
const windows = [0, 1, 2, 3].flatMap((index) => [at(index, 100), at(index, 101)]);

test('windows of a thread that begin in the same stretch become one, which names the files of all', () => {
  const joined = reportProfiles(windows, { minShare: 0, keepSamples: false, joinedMs: 10_000 });
  expect(joined.map(({ target, files }) => [target, files])).toEqual([
    ['gateway (pid 100)', ['profiles/100-0.cpuprofile', 'profiles/100-1.cpuprofile']],
    ['gateway (pid 101)', ['profiles/101-0.cpuprofile', 'profiles/101-1.cpuprofile']],
    ['gateway (pid 100)', ['profiles/100-2.cpuprofile', 'profiles/100-3.cpuprofile']],
    ['gateway (pid 101)', ['profiles/101-2.cpuprofile', 'profiles/101-3.cpuprofile']],
  ]);
  const [first] = joined;
  expect([first?.startMs, first?.endMs, first?.profile.startMs, first?.profile.endMs]).toEqual([
    6100, 16_100, 6100, 16_100,
  ]);
  expect(first?.profile.nodes.self).toEqual([0, 5e6, 5e6]);
});

test('without joining each window stays as it was taken', () => {
  const apart = reportProfiles(windows, { minShare: 0, keepSamples: true });
  expect(apart.map(({ files }) => files)).toEqual(windows.map(({ file }) => [file]));
});

test('a size is estimated, none for no profiles', () => {
  const detail = { minShare: 0, keepSamples: true };
  expect(estimateBytes([], detail)).toBe(0);
  expect(estimateBytes([...windows, ...windows], detail)).toBeGreaterThan(estimateBytes(windows, detail));
});
