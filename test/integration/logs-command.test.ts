import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileLog } from '../../src/lab/logs/sources/file-log.ts';
import { gaugeway } from '../support/command-line.ts';
import { dockerRequirement, startDocker } from '../support/docker.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const secret = 'hunter2-s3cr3t';
const lines = [
  '2026-11-28T01:00:00Z INFO app - ready',
  `2026-11-28T01:00:01Z WARNING app - login of bob with token=${secret} failed`,
  '2026-11-28T01:00:02Z ERROR app - tool 12 failed',
  'Traceback (most recent call last):',
  '  File "/app/x.py", line 3, in f',
  `sqlalchemy.exc.OperationalError: postgresql://app:${secret}@db/mcp: terminating connection due to idle-in-transaction timeout`,
  '2026-11-28T01:00:32Z ERROR app - tool 13 failed',
  'Traceback (most recent call last):',
  '  File "/app/x.py", line 3, in f',
  'sqlalchemy.exc.OperationalError: terminating connection due to idle-in-transaction timeout',
  `{"level":50,"time":"2026-11-28T01:01:00Z","msg":"boom","headers":{"cookie":"sid=${secret}"},"err":{"type":"FetchError","message":"Authorization: Bearer ${secret}"}}`,
];

describe('gaugeway logs', () => {
  let folder: TemporaryFolder;
  let file: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    file = join(folder.path, 'app.log');
    await writeFile(file, `${lines.join('\n')}\n`);
  });

  afterAll(async () => folder[Symbol.asyncDispose]());

  test('errors: the last warnings and errors, what a stack says, and what to do', async () => {
    const { code, stdout } = await gaugeway(['logs', 'errors', file]);
    expect(code).toBe(0);
    expect(stdout).toContain('The last 4 of 4 (1 warn, 3 error) in 5 entries');
    expect(stdout).toMatch(/error {2}app - tool 12 failed/);
    expect(stdout).toMatch(/^fail idle transaction timeout, 2 times/m);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('errors: as many, and as grave, as asked for', async () => {
    const { stdout } = await gaugeway(['logs', 'errors', file, '--last', '1', '--level', 'error', '--json']);
    const document: unknown = JSON.parse(stdout);
    expect(document).toMatchObject({
      command: 'logs errors',
      verdict: 'fail',
      matching: 3,
      entries: [{ level: 'error', errorType: 'FetchError' }],
    });
  });

  test('entries of what the lab did itself are left out, and it is said how many', async () => {
    const own = join(folder.path, 'own.log');
    const request = 'GET /metrics/prometheus 503 "gaugeway-lab"';
    await writeFile(own, `2026-11-28T01:00:00Z ERROR ${request}\n2026-11-28T01:00:01Z ERROR app - boom\n`);
    const { stdout } = await gaugeway(['logs', 'errors', own, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      matching: 1,
      notes: ["1 entries of the lab's own requests and statements"],
    });
  });

  test('types: by signature and error type, with a rate and an example', async () => {
    const { stdout } = await gaugeway(['logs', 'types', file, '--json']);
    const document: { types: unknown[] } = JSON.parse(stdout);
    expect(document.types[0]).toMatchObject({
      name: 'idle transaction timeout',
      errorType: 'OperationalError',
      count: 2,
      perMinute: 2,
      firstSeenMs: Date.parse('2026-11-28T01:00:02Z'),
      lastSeenMs: Date.parse('2026-11-28T01:00:32Z'),
      verdict: 'fail',
    });
  });

  test('templates: what differs is masked', async () => {
    const { stdout } = await gaugeway(['logs', 'templates', file]);
    expect(stdout).toMatch(/^app - tool <n> failed +error +2 /m);
  });

  test('count: by a regular expression or a text, and exit 1 above a limit', async () => {
    const counted = await gaugeway(['logs', 'count', 'idle.in.transaction', file]);
    expect([counted.code, counted.stdout.split('\n')[0]]).toEqual([0, '2 of 5 entries match']);
    const dots = await gaugeway(['logs', 'count', '--fixed', 'idle.in.transaction', file, '--json']);
    expect(JSON.parse(dots.stdout)).toMatchObject({ count: 0, verdict: 'ok' });
    const allowed = await gaugeway(['logs', 'count', 'timeout', file, '--check', '--max', '2']);
    expect(allowed.code).toBe(0);
    const tooMany = await gaugeway(['logs', 'count', 'timeout', file, '--check', '--max', '1']);
    expect(tooMany.code).toBe(1);
  });

  test('nothing secret comes out, whatever is asked', async () => {
    for (const command of ['errors', 'types', 'templates']) {
      for (const form of [[], ['--json']]) {
        const { stdout, stderr } = await gaugeway(['logs', command, file, ...form]);
        expect(`${stdout}${stderr}`).not.toContain('hunter2');
        expect(stdout).toContain('***');
      }
    }
  });

  test('--since leaves out what is older', async () => {
    const recent = join(folder.path, 'recent.log');
    const now = new Date().toISOString();
    await writeFile(recent, `${lines.join('\n')}\n${now} ERROR app - now\n`);
    const { stdout } = await gaugeway(['logs', 'errors', recent, '--since', '10m', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ matching: 1, entriesRead: 1 });
  });

  test('- reads what another command writes', async () => {
    const launcher = join(import.meta.dirname, '..', '..', 'bin', 'gaugeway');
    const child = spawn(process.execPath, [launcher, 'logs', 'count', 'timeout', '-', '--json'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stdin.end(lines.join('\n'));
    await once(child, 'close');
    expect(JSON.parse(stdout)).toMatchObject({ count: 2, sources: [{ log: 'stdin' }] });
  });

  test('--follow goes on with what is written, also after a rotation', async () => {
    const growing = join(folder.path, 'growing.log');
    await writeFile(growing, 'ERROR: one\n');
    const launcher = join(import.meta.dirname, '..', '..', 'bin', 'gaugeway');
    const child = spawn(
      process.execPath,
      [launcher, 'logs', 'count', 'ERROR|one|two|three', growing, '--follow', '--every', '100ms', '--json'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let stdout = '';
    child.stdout.setEncoding('utf8');
    const seen = async (count: number): Promise<void> => {
      while (!stdout.includes(`"count":${count},`)) stdout += String((await once(child.stdout, 'data'))[0]);
    };
    await seen(1);
    await appendFile(growing, 'ERROR: two\n');
    await seen(2);
    await rename(growing, `${growing}.1`);
    await writeFile(growing, 'ERROR: three\n');
    await seen(3);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  test('what cannot be read, or is no pattern, is said in one line', async () => {
    const gone = await gaugeway(['logs', 'errors', join(folder.path, 'gone.log')]);
    expect([gone.code, gone.stderr.trim().split('\n').length]).toEqual([3, 1]);
    expect(gone.stderr).toContain('gone.log cannot be read');
    const pattern = await gaugeway(['logs', 'count', '(', file]);
    expect([pattern.code, pattern.stderr]).toEqual([2, expect.stringContaining('--fixed takes a text')]);
    const nothing = await gaugeway(['logs', 'types', '--stack', join(folder.path, 'none.yaml')]);
    expect(nothing.code).toBe(2);
    const engine = await gaugeway(['logs', 'types', 'container:x', '--container-socket', '/nowhere.sock']);
    expect([engine.code, engine.stderr]).toEqual([
      3,
      expect.stringContaining('container x by /nowhere.sock'),
    ]);
  });
});

describe.skipIf(dockerRequirement.missing)(title('gaugeway logs of a container', dockerRequirement), () => {
  test('--follow goes on when it was stopped and started again, and says that it ended', async () => {
    await using engine = await startDocker();
    await engine.run('web', ['sh', '-c', 'echo "ERROR: begins"; sleep 600']);
    const launcher = join(import.meta.dirname, '..', '..', 'bin', 'gaugeway');
    const words = ['logs', 'count', 'ERROR|begins', 'container:web', '--container-socket', engine.socket];
    const child = spawn(process.execPath, [launcher, ...words, '--follow', '--every', '100ms', '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let stdout = '';
      child.stdout.setEncoding('utf8');
      const seen = async (text: string): Promise<void> => {
        while (!stdout.includes(text)) stdout += String((await once(child.stdout, 'data'))[0]);
        stdout = stdout.slice(stdout.indexOf(text) + text.length);
      };
      await seen('"count":1,');
      await engine.docker('stop', '--time', '0', 'web');
      await seen('it has ended, and is read again when it goes on');
      await engine.docker('start', 'web');
      await seen('while it was away: it ended once and goes on');
      await seen('"count":2,');
    } finally {
      child.kill('SIGINT');
      await once(child, 'exit');
    }
  });
});

describe('a file that is followed', () => {
  test('begins anew when it is cut, and lines that are too long are counted', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.log');
    await writeFile(path, 'before\n');
    const log = new FileLog(path);
    const seen: string[] = [];
    const never = new AbortController();
    await log.readToEnd(undefined, ({ text }) => seen.push(text), never.signal);
    await truncate(path);
    await log.readToEnd(undefined, ({ text }) => seen.push(text), never.signal);
    await appendFile(path, `a\n${'x'.repeat(200_000)}\nb\n`);
    await log.readToEnd(undefined, ({ text }) => seen.push(text), never.signal);
    await log.close();
    expect(seen).toEqual(['before', 'a', 'b']);
    expect(log.tooLong).toBe(1);
  });
});
