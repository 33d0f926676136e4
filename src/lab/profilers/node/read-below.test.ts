import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { readBelow } from './read-below.ts';

test('links of a container lead to its own files, never to those of its host', async () => {
  await using folder = await temporaryFolder();
  const outside = join(folder.path, 'outside.js');
  const root = join(folder.path, 'root');
  await mkdir(join(root, 'app'), { recursive: true });
  await writeFile(outside, 'host');
  await writeFile(join(root, 'app/real.js'), 'own');
  const links = {
    'absolute.js': '/app/real.js',
    'relative.js': '../app/./real.js',
    folder: '/app',
    'host.js': outside,
    'above.js': '../../outside.js',
    'loop.js': 'loop.js',
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(root, 'app', name));
  const read = (name: string): string | undefined => readBelow(root, `/app/${name}`, 100);
  const own = ['real.js', 'absolute.js', 'relative.js', 'folder/real.js', 'folder/absolute.js'];
  expect(own.map(read)).toEqual(own.map(() => 'own'));
  expect(['host.js', 'above.js', '../../outside.js', 'loop.js', 'folder', 'none.js'].map(read)).toEqual(
    Array.from({ length: 6 }, () => undefined),
  );
  expect(readBelow('', outside, 100)).toBe('host');
  expect(readBelow('', outside, 3)).toBeUndefined();
});

test('a pipe without a writer is not waited for', async () => {
  await using folder = await temporaryFolder();
  const pipe = join(folder.path, 'pipe.js');
  execFileSync('mkfifo', [pipe]);
  expect(readBelow('', pipe, 100)).toBeUndefined();
});
