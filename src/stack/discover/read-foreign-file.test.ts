import { execFile } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { readForeignFile } from './read-foreign-file.ts';

test('a file that somebody else named is read when it is a regular file of some size', async () => {
  await using folder = await temporaryFolder();
  const path = (name: string): string => join(folder.path, name);
  await writeFile(path('a.ini'), '[databases]\n');
  expect(await readForeignFile(path('a.ini'))).toBe('[databases]\n');
  await writeFile(path('large'), '');
  await truncate(path('large'), 1024 ** 3);
  await expect(readForeignFile(path('large'))).rejects.toThrow('it is over 1048576 bytes');
  await promisify(execFile)('mkfifo', [path('fifo')]);
  await expect(readForeignFile(path('fifo'))).rejects.toThrow('it is no regular file');
  await expect(readForeignFile('/dev/zero')).rejects.toThrow('it is no regular file');
  await expect(readForeignFile(folder.path)).rejects.toThrow('it is no regular file');
  await expect(readForeignFile(path('none'))).rejects.toThrow('ENOENT');
});
