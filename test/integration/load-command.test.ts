import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunDocument } from '../../src/lab/run-document.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { parseCsv } from '../support/locust-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

let target: CountingMcpServer;
beforeEach(async () => {
  target = await CountingMcpServer.start({
    tools: [{ name: 'echo' }, { name: 'refusing' }],
    onCall: (tool, call, response, id) => {
      if (tool === 'echo' || call === 1) return undefined;
      const result = { isError: true, content: [] };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      return true;
    },
  });
});
afterEach(() => target[Symbol.asyncDispose]());

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `gaugeway load …`; `interruptAt` sends Ctrl-C's signal when stderr says this. */
async function load(args: string[], interruptAt?: RegExp): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'load', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let seen = '';
  const watch = (chunk: Buffer): void => {
    seen += chunk.toString();
    if (interruptAt?.test(seen) !== true) return;
    child.stderr.off('data', watch);
    child.kill('SIGINT');
  };
  child.stderr.on('data', watch);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

const quick = ['--users', '3', '--spawn-rate', '100', '--think', '0', '--scenario', 'mcp-tools'];

describe('gaugeway load', () => {
  it('ends with a table that adds up', async () => {
    const { code, stdout } = await load(['--target', target.url, ...quick, '--iterations', '20']);
    expect(code).toBe(0);
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    const requestsOf = (name: string): number => Number(rows.find((row) => row[0] === name)?.[1]);
    expect(requestsOf('tools/call echo') + requestsOf('tools/call refusing')).toBe(60);
    expect(requestsOf('Aggregated')).toBe(60 + 3 * 3);
    expect(stdout).toContain(`${requestsOf('tools/call refusing')}  tools/call refusing: isError`);
    expect(stdout).not.toContain('\u001b');
  });

  it('prints its figures as JSON, and fails on errors when told to', async () => {
    const args = [
      '--target',
      `${target.url}/mcp`,
      ...quick,
      '--iterations',
      '20',
      '--json',
      '--fail-on-error',
    ];
    const { code, stdout } = await load(args);
    const figures: RunDocument['load'] & { runId: string } = JSON.parse(stdout);
    expect(code).toBe(1);
    // As each request says in its baggage.
    expect(target.runIds).toContain(figures.runId);
    expect(figures.requests).toBe(60 + 3 * 3);
    expect(figures.failuresByKind).toEqual({ isError: figures.failures });
    expect(figures.byName.map(({ name }) => name)).toContain('tools/call refusing');
  });

  it('writes the files of Locust and a report, and nothing on the way with --only-summary', async () => {
    await using folder = await temporaryFolder();
    const prefix = join(folder.path, 'run');
    const report = join(folder.path, 'report.html');
    const { code, stdout, stderr } = await load([
      ...quick,
      ...`--target ${target.url} --iterations 20 --csv-full-history --only-summary`.split(' '),
      '--csv',
      prefix,
      '--html',
      report,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const csv = async (name: string) => parseCsv(await readFile(`${prefix}_${name}.csv`, 'utf8'));
    const requests = await csv('stats');
    // The trial of each tool before the load is no part of it.
    expect(requests.find((row) => row[1] === 'tools/call echo')?.[2]).toBe(
      String(target.count('tools/call echo') - 1),
    );
    expect(requests.at(-1)?.slice(0, 3)).toEqual(['', 'Aggregated', String(60 + 3 * 3)]);
    const history = await csv('stats_history');
    expect(new Set(history.slice(1).map((row) => row[3]))).toEqual(
      new Set(requests.slice(1).map((row) => row[1])),
    );
    const [, failure] = await csv('failures');
    expect(failure?.slice(0, 3)).toEqual(['POST', 'tools/call refusing', 'isError']);
    expect(stdout).toContain(`${failure?.[3]}  tools/call refusing: isError`);
    expect(await csv('exceptions')).toEqual([['Count', 'Message', 'Traceback', 'Nodes']]);
    const files = 'report.html run_exceptions.csv run_failures.csv run_stats.csv run_stats_history.csv';
    expect((await readdir(folder.path)).toSorted().join(' ')).toBe(files);
    const html = await readFile(report, 'utf8');
    expect(html).toContain('<title>');
    expect(html).toContain('"name":"tools/call refusing"');
  });

  it('leaves its files behind when the target cannot be reached', async () => {
    await using folder = await temporaryFolder();
    const prefix = join(folder.path, 'run');
    const { code } = await load(['--target', 'http://127.0.0.1:1', '--csv', prefix]);
    expect(code).toBe(3);
    const [, exception] = parseCsv(await readFile(`${prefix}_exceptions.csv`, 'utf8'));
    expect(exception?.slice(0, 2)).toEqual(['1', expect.stringContaining('connect ECONNREFUSED')]);
  });

  it('says how it goes, once a second where nothing can be redrawn, and keeps its figures on Ctrl-C', async () => {
    const args = ['--target', target.url, ...quick, '--run-time', '10m'];
    const { code, stdout, stderr } = await load(args, /3 users .* requests, \d+ failed/);
    expect(code).toBe(130);
    expect(stderr).toContain('stopping');
    expect(stdout).toContain('Aggregated');
    expect(stdout).toContain('DELETE session');
    expect(stderr).not.toMatch(/^ +at /m);
  });

  const limits = ['--threshold', 'tools/call echo:error_rate<1%', '--threshold', 'max<10m'];

  it('passes when it keeps its thresholds', async () => {
    const { code, stdout } = await load(['--target', target.url, ...quick, '--iterations', '20', ...limits]);
    expect(stdout).toMatch(/^✓ tools\/call echo:error_rate<1% {2}0 %$/m);
    expect(code).toBe(0);
  });

  it('fails when it breaks one', async () => {
    const args = [...limits, '--threshold', 'tools/call refusing:error_rate<1%', '--json'];
    const { code, stdout } = await load(['--target', target.url, ...quick, '--iterations', '20', ...args]);
    const { thresholds }: Pick<RunDocument, 'thresholds'> = JSON.parse(stdout);
    expect(thresholds?.map(({ value, passed }) => [value, passed])).toEqual([
      [0, true],
      [expect.any(Number), true],
      [100, false],
    ]);
    expect(code).toBe(1);
  });

  it('sends arrivals by the clock and tells what became of them', async () => {
    const model = ['--users', '2', '--rate', '40/s', '--stages', '1s:40', '--max-users', '80'];
    const { code, stdout } = await load(['--target', target.url, ...model, '--scenario', 'mcp-tools']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^40 arrivals: \d+ late, 0 dropped$/m);
    expect(stdout).toContain('from the sending (service)');
  });

  it('counts its time from the first arrival, and says when it could not send what was asked for', async () => {
    const model = ['--rate', '50/s', '--run-time', '2s', '--users', '60', '--max-users', '60'];
    const { code, stdout } = await load(['--target', target.url, ...model, '--scenario', 'mcp-tools']);
    expect(code).toBe(0);
    expect(Number(/^(\d+) arrivals/m.exec(stdout)?.[1])).toBeGreaterThan(0);
    const slow = ['--rate', '200/s', '--run-time', '1s', '--users', '1', '--max-users', '1'];
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'slow.yaml');
    await writeFile(
      file,
      'name: slow\nusers: http\ntasks: [{ steps: [{ think: 300ms }, { request: GET /health }] }]\n',
    );
    const dropping = await load(['--target', target.url, ...slow, '--scenario', file]);
    expect(dropping.stdout).toMatch(
      /^! \d+\.\d % of the load was not sent: every user was busy \(--max-users\)\.$/m,
    );
  });

  it('tells what the code of a scenario threw, and fails', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'thrower.mjs');
    await writeFile(
      file,
      "export default { name: 'thrower', users: 'http', tasks: [{ run: async (user) => { await user.step({ request: 'GET /health' }); throw new Error('bad code'); } }] };",
    );
    const args = ['--target', target.url, '--users', '2', '--iterations', '3', '--scenario', file];
    const { code, stdout } = await load(args);
    expect(stdout).toMatch(/^# occurrences {2}Exception\n {8}6 {2}bad code$/m);
    expect(code).toBe(1);
    const asJson = await load([...args, '--json']);
    expect(JSON.parse(asJson.stdout).exceptions).toMatchObject([{ count: 6, msg: 'bad code' }]);
  });

  it('begins by itself beside its page, and ends after it', async () => {
    const page = ['--ui', '--web-port', '0', '--web-base-path', 'load', '--autostart', '--autoquit', '1ms'];
    const { code, stdout, stderr } = await load(['--target', target.url, '--run-time', '1s', ...page]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^load test page: http:\/\/127\.0\.0\.1:\d+\/load\/ \(target /);
    expect(stderr).toContain('the load has ended; the page is served for 1ms more');
  });

  it('ends by itself, and fails, when a threshold stays broken', async () => {
    const limit = 'tools/call refusing:error_rate<1%';
    const args = [...quick, '--think', '5ms', '--run-time', '10m', '--threshold', limit, '--abort-on-fail'];
    const { code, stdout } = await load(['--target', target.url, ...args]);
    expect(stdout).toMatch(/^✕ tools\/call refusing:error_rate<1% {2}100 % \(.*ended the load\)$/m);
    expect(code).toBe(1);
  });

  it.each([
    [
      ['--target', 'http://example.com'],
      2,
      'example.com is not this machine: --allow-remote lets the load go there',
    ],
    [['--target', 'ftp://127.0.0.1'], 2, 'load plan: targetUrl: must be an http or https URL'],
    [
      ['--target', 'http://127.0.0.1:1', '--users', '0'],
      2,
      'load plan: users: Too small: expected number to be >=1',
    ],
    [['--users', 'many'], 2, "not a whole number: 'many'"],
    [['--threshold', 'p95<200'], 2, "threshold 'p95<200': '200' is no limit of p95: write it like 200ms"],
    [['--stages', '10s'], 2, "not a stage: '10s' (write TIME:RATE, e.g. 10s:50,30s:200)"],
    [['--max-users', '9'], 2, '--max-users bounds the users of --rate or --stages, and there is neither'],
    [
      ['--target', 'http://127.0.0.1:1', '--rate', '5/s', '--iterations', '1'],
      2,
      'load plan: iterationsPerUser: belongs to users that decide by themselves, not to arrivals or stages',
    ],
    [['--abort-on-fail'], 2, '--abort-on-fail ends a load that breaks a --threshold, and there is none'],
    [
      ['--target', 'http://127.0.0.1:1', '--csv', '/nowhere/run'],
      2,
      expect.stringMatching(/^the figures cannot be written to \/nowhere\/run_stats\.csv \(ENOENT/),
    ],
    [
      ['--target', 'http://127.0.0.1:1', '--html', '/nowhere/report.html'],
      2,
      expect.stringMatching(/^the report cannot be written to \/nowhere\/report\.html \(ENOENT/),
    ],
    [['--target', 'http://127.0.0.1:1', '--csv-full-history'], 2, '--csv-full-history needs --csv'],
    [
      ['--ui', '--web-host', '0.0.0.0'],
      2,
      '--web-host 0.0.0.0 lets others than this machine start load tests: add --web-login or --web-token',
    ],
    [
      ['--ui', '--web-name', 'a.example', '--web-token', 'short'],
      2,
      '--web-token must have at least 8 characters',
    ],
    [
      ['--ui', '--web-login'],
      2,
      '--web-login needs a password, in GAUGEWAY_WEB_PASSWORD or by --web-password',
    ],
    [['--ui', '--web-base-path', '/a b'], 2, "not a path: '/a b'"],
    [['--autostart'], 2, '--autostart is for --ui: without a page the load begins by itself'],
    [['--ui', '--autoquit', '5s'], 2, '--autoquit needs --autostart'],
    [
      ['--ui', '--html', 'report.html'],
      2,
      '--html is for a load without --ui: the page has its own downloads',
    ],
    [
      ['--target', 'http://127.0.0.1:1'],
      3,
      'http://127.0.0.1:1: initialize failed before the load began: connect ECONNREFUSED',
    ],
  ])('%j ends with %d and one clear line', async (args, code, message) => {
    const { stderr, ...ended } = await load(args);
    expect(ended).toEqual({ code, stdout: '' });
    expect(stderr.replace(/^gaugeway: (.*)\n$/, '$1')).toEqual(message);
  });
});
