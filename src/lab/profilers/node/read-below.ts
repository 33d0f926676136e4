import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** As the kernel has it (path_resolution(7)). */
const mostLinks = 40;

/**
 * The text of a file as a process sees it whose root directory is `root`: empty for that of this one. Links are followed
 * within it, as an absolute one of a container would lead to a file of its host otherwise. Undefined for what is no file,
 * cannot be read or is larger than `mostBytes`.
 */
export function readBelow(root: string, path: string, mostBytes: number): string | undefined {
  try {
    const file = resolvedBelow(root, path);
    if (file === undefined) return undefined;
    const found = statSync(file);
    return found.isFile() && found.size <= mostBytes ? readFileSync(file, 'utf8') : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** The path without links; undefined when there are too many. */
function resolvedBelow(root: string, path: string): string | undefined {
  const done: string[] = [];
  const left = path.split('/');
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') done.pop();
    if (name === '' || name === '.' || name === '..') continue;
    const here = [root, ...done, name].join('/');
    if (!lstatSync(here).isSymbolicLink()) {
      done.push(name);
      continue;
    }
    links += 1;
    if (links > mostLinks) return undefined;
    const target = readlinkSync(here);
    if (target.startsWith('/')) done.length = 0;
    left.unshift(...target.split('/'));
  }
  return [root, ...done].join('/');
}
