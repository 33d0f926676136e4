import { open } from 'node:fs/promises';
import { request } from 'undici';
import { outsideMessage } from '../../shared/outside-error.ts';
import { nginxStatusLocation, nginxTimedFormat } from '../../shared/minimal-access.ts';
import { hasErrorCode } from '../../shared/system-error.ts';
import { type CheckResult, type Examination, fail, ok, type Outcome, warn } from './check.ts';

const boundMs = 3000;
const tailBytes = 16 * 1024;

/** Reads the counters once, and the end of the access log. */
export const examineNginx: Examination = async ({ nginx }, signal) => {
  const results: CheckResult[] = [];
  if (nginx?.statusUrl !== undefined) {
    results.push({ source: 'nginx', check: 'counters', ...(await status(nginx.statusUrl, signal)) });
  }
  if (nginx?.accessLog !== undefined) {
    results.push({ source: 'nginx', check: 'access log', ...(await accessLog(nginx.accessLog)) });
  }
  return results;
};

async function status(url: string, signal: AbortSignal): Promise<Outcome> {
  try {
    const { statusCode, body } = await request(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(boundMs)]),
    });
    if ((await body.text()).startsWith('Active connections')) return ok('stub_status answers');
    return fail(`${url} answers ${statusCode}, and no counters`, ...addStatus);
  } catch (error) {
    return fail(`${url}: ${outsideMessage(error)}`, ...addStatus);
  }
}

const addStatus = [`in a server block: ${nginxStatusLocation}`, 'sudo nginx -t && sudo nginx -s reload'];

async function accessLog(path: string): Promise<Outcome> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(size, tailBytes));
      await file.read(buffer, 0, buffer.length, size - buffer.length);
      return judgeAccessLog(buffer.toString('utf8'));
    } finally {
      await file.close();
    }
  } catch (error) {
    const remedy = hasErrorCode(error, 'EACCES') ? [`sudo setfacl -m u:$USER:r ${path}`] : [];
    return fail(outsideMessage(error), ...remedy);
  }
}

/** Whether the last line of a log tells the times of nginx and of what is behind it. */
export function judgeAccessLog(text: string): Outcome {
  const last = text.split('\n').findLast((line) => line.trim() !== '');
  if (last === undefined) return warn('it is empty: whether its format has times is not known yet');
  const total = /\b(?:rt|request_time)"?[=:]\s*"?\d+\.\d{3}/.test(last);
  const upstream = /\b(?:urt|upstream_response_time)"?[=:]\s*"?[\d-]/.test(last);
  if (total && upstream) return ok('it tells the times of nginx and of the gateway');
  return warn(
    `its format tells no ${total ? 'time of the gateway' : 'times'}`,
    ...nginxTimedFormat.map((line, at) => (at === 0 ? `in http { … }: ${line}` : line)),
    'access_log PATH timed;',
    'sudo nginx -t && sudo nginx -s reload',
  );
}
