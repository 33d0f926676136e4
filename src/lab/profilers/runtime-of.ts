import { basename } from 'node:path';
import { readProcFile, readProcLink } from '../../shared/proc-files.ts';

/** What runs in a process, and hence which profiler knows its functions. */
export type Runtime = 'node' | 'python' | 'native';

/** Told by the executable, and by libpython in what embeds it. Throws as {@link readProcLink} does. */
export async function runtimeOf(pid: number): Promise<Runtime> {
  const executable = (await readProcLink(pid, 'exe')).replace(/ \(deleted\)$/, '');
  const name = basename(executable);
  if (/^node(js)?(-?\d+)?$/.test(name)) return 'node';
  if (/^python\d?/.test(name)) return 'python';
  return /\/libpython\d[\d.]*\.so/.test(await readProcFile(pid, 'maps')) ? 'python' : 'native';
}
