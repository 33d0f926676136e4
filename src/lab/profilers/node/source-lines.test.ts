import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { fromCpuProfile } from '../../profile/from-cpuprofile.ts';
import { readFlame } from '../../profile/read-flame.ts';
import { readProfileFile } from '../../profile-files/read-profile-file.ts';
import { localSourceLines, processSourceLines } from './source-lines.ts';

const program = `
const list = Array.from({ length: 1000 }, (_, id) => ({ id, name: 'tool ' + id, tags: ['a', 'b'] }));
function writeList() {
  return JSON.stringify(list);
}
for (let round = 0; round < 500; round += 1) writeList();
`;

test('a program that writes JSON is seen to do so, though V8 counts it for the function that calls', async () => {
  await using folder = await temporaryFolder();
  const script = join(folder.path, 'program.mjs');
  await writeFile(script, program);
  await promisify(execFile)(process.execPath, ['--cpu-prof', `--cpu-prof-dir=${folder.path}`, script]);
  const [file = ''] = globSync(join(folder.path, '*.cpuprofile'));
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const place = { name: 'program', startMs: 0 };
  const shareOfJson = (sourceLine = processSourceLines(0)): number =>
    readFlame(fromCpuProfile(document, { ...place, sourceLine })).classes.find(
      (each) => each.class === 'json',
    )?.share ?? 0;
  expect(shareOfJson()).toBe(0);
  expect(shareOfJson(processSourceLines(process.pid))).toBeGreaterThan(0.3);
  // Also of the file, where the script is.
  const [part] = (await readProfileFile(file)).parts;
  expect(part?.profile.frames.map(({ name }) => name)).toContain('JSON.stringify');
});

test('what is no script, is not there or is a folder has no lines', () => {
  const lineOf = processSourceLines(process.pid);
  expect([lineOf('node:fs', 1), lineOf('', 1), lineOf('file:///nowhere.js', 1), lineOf('/tmp', 1)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  for (const each of [lineOf, localSourceLines()])
    expect(each(import.meta.filename, 1)).toContain('node:child_process');
  expect(localSourceLines()('/proc/self/cmdline', 1)).toBeUndefined();
});
