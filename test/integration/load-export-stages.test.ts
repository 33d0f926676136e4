import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gaugeway } from '../support/command-line.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { findK6, runK6 } from '../support/k6.ts';
import { parseCsv } from '../support/locust-client.ts';
import { findProgram, title } from '../support/requires.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const locustProgram = findProgram('locust');
const k6Program = findK6();
const mostUsers = 4;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Ended {
  code: unknown;
  output: string;
  requests: number;
  failures: number;
}

/** Nothing but the script says how many users there are and when it ends. */
async function runLocustfile(script: string): Promise<Ended> {
  const prefix = `${script}-run`;
  const options = ['--locustfile', script, '--headless', '--only-summary', '--csv', prefix];
  const ended = await promisify(execFile)(locustProgram.path ?? '', options).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = Object(error);
      return { code, output: `${stdout}${stderr}` };
    },
  );
  const rows = parseCsv(await readFile(`${prefix}_stats.csv`, 'utf8'));
  const [, , requests, failures] = rows.find(([, name]) => name === 'Aggregated') ?? [];
  return { ...ended, requests: Number(requests), failures: Number(failures) };
}

async function runScript(script: string): Promise<Ended> {
  const file = `${script}.json`;
  const ended = await runK6(k6Program.path ?? '', ['--summary-export', file, script]);
  const { passes, fails } = JSON.parse(await readFile(file, 'utf8')).metrics.checks;
  return { ...ended, requests: passes + fails, failures: fails };
}

describe.each([
  ['locust', locustProgram, 'py', runLocustfile],
  ['k6', k6Program, 'js', runScript],
] as const)('users in stages that are exported', (engine, program, extension, run) => {
  test.skipIf(program.missing)(
    title(`go up and end by themselves in ${engine}`, program),
    { timeout: 60_000 },
    async () => {
      await using server = await CountingMcpServer.start({ health: 200 });
      const script = join(folder.path, `stages.${extension}`);
      const amount = ['--user-stages', `2s:${mostUsers},3s:${mostUsers}`, '--think', '50ms-100ms'];
      const load = ['--target', server.url, '--scenario', 'mcp-tools', ...amount];
      const exported = await gaugeway(['load', 'export', '--engine', engine, ...load, '--out', script]);
      expect(exported).toMatchObject({ code: 0, stdout: '' });
      server.counts.clear();

      const { code, output, requests, failures } = await run(script);
      expect({ code, failures }, output).toEqual({ code: 0, failures: 0 });
      // Every user opens a session of its own. k6 tells none that it ends, which the export says.
      // On a machine without time both replace users whom their stages took away too early.
      const sessions = server.count('initialize');
      expect(sessions).toBeGreaterThanOrEqual(mostUsers);
      expect(server.openSessions).toBe(engine === 'k6' ? sessions : 0);
      expect(exported.stderr.includes('sessions are left open at the end')).toBe(engine === 'k6');
      expect(server.count('tools/call echo')).toBeGreaterThan(mostUsers);
      const arrived = [...server.counts.values()].reduce((sum, count) => sum + count, 0);
      // k6 checks the notification of a new session too, which is no request of the load.
      const uncounted = engine === 'k6' ? 0 : server.count('notifications/initialized');
      // A user whom Locust ends in the middle of a request has sent it, and is not counted with it.
      const cutOff = engine === 'k6' ? 0 : sessions;
      expect(arrived - uncounted - requests).toBeGreaterThanOrEqual(0);
      expect(arrived - uncounted - requests).toBeLessThanOrEqual(cutOff);
    },
  );
});
