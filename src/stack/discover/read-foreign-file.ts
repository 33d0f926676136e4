import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const maxFileBytes = 1024 * 1024;

/**
 * Reads a file that somebody else named, e.g. on a command line: a regular file of at most a mebibyte. A FIFO or a device
 * is not waited for. Throws an error with a code as any reading does, EINVAL for what is no such file.
 */
export async function readForeignFile(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const isRegular = (await file.stat()).isFile();
    if (!isRegular) throw refused(path, 'it is no regular file');
    // One byte more than is allowed: what is in /proc has a size of 0.
    const buffer = Buffer.alloc(maxFileBytes + 1);
    let bytes = 0;
    for (let last = -1; last !== 0 && bytes < buffer.length; bytes += last) {
      last = (await file.read(buffer, bytes, buffer.length - bytes, null)).bytesRead;
    }
    if (bytes > maxFileBytes) throw refused(path, `it is over ${maxFileBytes} bytes`);
    return buffer.toString('utf8', 0, bytes);
  } finally {
    await file.close();
  }
}

function refused(path: string, why: string): Error {
  return Object.assign(new Error(`${path}: ${why}`), { code: 'EINVAL' });
}
