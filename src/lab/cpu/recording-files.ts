import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { hasErrorCode } from '../../shared/system-error.ts';
import { checkProfileEnding, profileEndings } from '../profile-files/write-profile-file.ts';

/** `profile-<pid>-20261128-053000.html`, in local time. */
export function usualRecordingFile(pid: number, at: Date): string {
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `profile-${pid}-${day}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}.html`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** The file of one process beside those of others: `out.svg` becomes `out-4711.svg`. */
export function fileOfProcess(path: string, pid: number): string {
  const lower = path.toLowerCase();
  const ending = profileEndings.find((each) => lower.endsWith(each)) ?? extname(path);
  return join(
    dirname(path),
    `${basename(path).slice(0, -ending.length)}-${pid}${path.slice(-ending.length)}`,
  );
}

/**
 * Makes sure, before anything is measured, that a profile can be written there; an older file is replaced later. Throws
 * GaugewayError usage.
 */
export async function requireWritable(path: string): Promise<void> {
  checkProfileEnding(path);
  try {
    // A file is replaced as a whole, for which its folder has to be writable.
    await access(dirname(path), constants.W_OK);
  } catch (cause) {
    throw new GaugewayError('usage', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
  if (await isFolder(path)) throw new GaugewayError('usage', `${path} is a folder`);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false;
    throw error;
  }
}
