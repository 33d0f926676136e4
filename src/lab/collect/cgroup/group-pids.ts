import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode } from '../../../shared/system-error.ts';
import type { CgroupFolders } from './cgroup-folders.ts';

/** The processes of a group and of those below it, by number. Empty when the group is gone. */
export async function groupPids({ byController, unified }: CgroupFolders): Promise<number[]> {
  const place = byController.get('pids') ?? byController.get('cpu') ?? unified;
  if (place === undefined) return [];
  return (await pidsBelow(join(place.mount, place.path))).toSorted((a, b) => a - b);
}

async function pidsBelow(folder: string): Promise<number[]> {
  try {
    const [text, entries] = await Promise.all([
      readFile(join(folder, 'cgroup.procs'), 'utf8'),
      readdir(folder, { withFileTypes: true }),
    ]);
    const groups = entries.filter((entry) => entry.isDirectory());
    const below = await Promise.all(groups.map(({ name }) => pidsBelow(join(folder, name))));
    return [...text.split('\n').filter(Boolean).map(Number), ...below.flat()];
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}
