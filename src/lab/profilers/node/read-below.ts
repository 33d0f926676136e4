import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';

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
    // Opening a device can do something; only what is a file is opened.
    if (!fits(lstatSync(file), mostBytes)) return undefined;
    return readFile(file, mostBytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/**
 * Whoever owns the files may have put a link or a pipe there since they were looked at, or lets one grow: nothing is
 * followed, waited for or read beyond the limit.
 */
function readFile(file: string, mostBytes: number): string | undefined {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(descriptor);
    if (!fits(found, mostBytes)) return undefined;
    const bytes = Buffer.alloc(found.size);
    let read = 0;
    while (read < bytes.length) {
      const more = readSync(descriptor, bytes, read, bytes.length - read, read);
      if (more === 0) break;
      read += more;
    }
    return bytes.toString('utf8', 0, read);
  } finally {
    closeSync(descriptor);
  }
}

function fits(found: Stats, mostBytes: number): boolean {
  return found.isFile() && found.size <= mostBytes;
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
