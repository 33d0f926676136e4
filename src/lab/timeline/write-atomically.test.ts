import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { writeAtomically } from './write-atomically.ts';

test('a file is replaced, and no link that was laid where a draft might be is followed', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'report.html');
  const precious = join(folder.path, 'precious');
  await writeFile(precious, 'precious');
  await writeFile(path, 'old');
  await symlink(precious, `${path}.${process.pid}.part`);
  await writeAtomically(path, 'new');
  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await readFile(precious, 'utf8')).toBe('precious');
});

test('what cannot be written leaves no draft behind', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'report.html');
  await mkdir(join(path, 'inside'), { recursive: true });
  await expect(writeAtomically(path, 'new')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(await readdir(folder.path)).toEqual(['report.html']);
});
