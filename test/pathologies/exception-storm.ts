import { appendFile } from 'node:fs/promises';
import { delayRequests } from './delay-requests.ts';

/** Named by the test, which has the lab follow it. */
const log = process.env['FAULT_LOG'];
let calls = 0;

/** Logs an exception with its stack for each tool call, although every call is answered. */
delayRequests(
  ({ body }) => body.includes('"tools/call"'),
  async () => {
    if (log === undefined) return;
    calls += 1;
    const error = new TypeError(
      `cannot read tool ${calls} of session ${crypto.randomUUID()}: token=s3cr3t-${calls}`,
    );
    await appendFile(log, `${new Date().toISOString()} ERROR gateway - tool call failed\n${error.stack}\n`);
  },
);
