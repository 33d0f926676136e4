import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { outsideMessage } from '../../shared/outside-error.ts';
import { describeLogOrigin } from '../../shared/stack-description.ts';
import { hasErrorCode } from '../../shared/system-error.ts';
import type { CheckResult, Examination, Outcome } from './check.ts';
import { fail, ok } from './check.ts';

const run = promisify(execFile);
const boundMs = 5000;

/** Whether files and units can be read; the logs of containers are examined with them. */
export const examineLogs: Examination = async ({ logs }) => {
  const results: CheckResult[] = [];
  for (const { name, from } of logs) {
    if ('container' in from) continue;
    const outcome = 'file' in from ? await file(from.file) : await unit(from.unit);
    results.push({ source: `log ${name}`, check: describeLogOrigin(from), ...outcome });
  }
  return results;
};

async function file(path: string): Promise<Outcome> {
  try {
    await access(path, constants.R_OK);
    return ok('it can be read');
  } catch (error) {
    const remedy = hasErrorCode(error, 'EACCES')
      ? [`sudo setfacl -m u:${userInfo().username}:r ${path}`]
      : ['name the right file, or let gaugeway discover --force find it'];
    return fail(outsideMessage(error), ...remedy);
  }
}

async function unit(name: string): Promise<Outcome> {
  try {
    const { stdout } = await run(
      'journalctl',
      ['--unit', name, '--lines', '1', '--quiet', '--output', 'cat'],
      {
        timeout: boundMs,
      },
    );
    if (stdout.trim() !== '') return ok('the journal can be read');
    return fail(
      'the journal shows nothing of it',
      `sudo usermod -aG systemd-journal ${userInfo().username}  (then log in again)`,
    );
  } catch (error) {
    return fail(hasErrorCode(error, 'ENOENT') ? 'this machine has no journalctl' : outsideMessage(error));
  }
}
