import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findProgramIn } from './requires.ts';

/** py-spy on PATH, or where `.ci/run` installs it. */
export const pySpy = findProgramIn([join(homedir(), '.cache/gaugeway-ci/py-spy/bin')], 'py-spy');

/** PATH with py-spy on it, for this process and those that it starts. */
export function putPySpyOnPath(): void {
  if (pySpy.path === undefined) return;
  process.env['PATH'] = `${dirname(pySpy.path)}${delimiter}${process.env['PATH'] ?? ''}`;
}
