import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gaugeway } from '../support/command-line.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import type { CountingMcpServerOptions } from '../support/counting-mcp-server.ts';
import { generatorOf } from '../support/generator-process.ts';
import { parseCsv } from '../support/locust-client.ts';
import { failuresOf, requestsOf, runToEnd, startQuickLoad } from '../support/run-load.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

type Answer = NonNullable<CountingMcpServerOptions['onCall']>;

const answer =
  (body: (id: unknown) => unknown, status = 200, contentType = 'application/json'): Answer =>
  (_tool, _call, response, id) => {
    const value = body(id);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    response.writeHead(status, { 'content-type': contentType }).end(text);
    return true;
  };

/** Tools that fail in one way each, once the trial before the load is over; and what that way is called. */
const faults: Record<string, { kind: string; answer: Answer }> = {
  refusing: {
    kind: 'isError',
    answer: answer((id) => ({ jsonrpc: '2.0', id, result: { isError: true, content: [] } })),
  },
  broken: {
    kind: 'json-rpc -32603: no',
    answer: answer((id) => ({ jsonrpc: '2.0', id, error: { code: -32603, message: 'no' } })),
  },
  listing: { kind: 'malformed answer: not a JSON object', answer: answer(() => ['not', 'a', 'response']) },
  mistaken: {
    kind: 'malformed answer: the id of another request',
    answer: answer(() => ({ jsonrpc: '2.0', id: 'of another request', result: {} })),
  },
  empty: {
    kind: 'malformed answer: neither a result nor an error',
    answer: answer((id) => ({ jsonrpc: '2.0', id })),
  },
  truncated: {
    kind: 'malformed answer: JSON that is cut off',
    answer: answer(() => '{"jsonrpc":"2.0","id"'),
  },
  page: { kind: 'malformed answer: HTML or XML, not JSON', answer: answer(() => '<html>', 200, 'text/html') },
  silent: {
    kind: 'malformed answer: the stream ended without a response',
    answer: answer(() => ': nothing\n\n', 200, 'text/event-stream'),
  },
  overloaded: { kind: 'http 503', answer: answer(() => ({}), 503) },
  moved: { kind: 'http 302', answer: answer(() => ({}), 302) },
  strict: {
    kind: 'http 400 json-rpc -32020',
    answer: answer((id) => ({ jsonrpc: '2.0', id, error: { code: -32020, message: '' } }), 400),
  },
  crashing: {
    kind: 'connection closed',
    answer: (_tool, _call, response) => {
      response.destroy();
      return true;
    },
  },
};

describe('failures are counted under their own names', () => {
  it('each with its kind, and nothing else', async () => {
    await using server = await CountingMcpServer.start({
      tools: Object.keys(faults).map((name) => ({ name })),
      onCall: (tool, call, response, id) =>
        call === 1 ? undefined : faults[tool]?.answer(tool, call, response, id, {}),
    });
    const outcome = await runToEnd(server.url, { iterationsPerUser: 50 });
    const requests = requestsOf(outcome);
    const calls = Object.keys(faults).map((tool) => `tools/call ${tool}`);
    expect(calls.reduce((sum, name) => sum + (requests[name] ?? 0), 0)).toBe(4 * 50);
    for (const [tool, { kind }] of Object.entries(faults)) {
      const name = `tools/call ${tool}`;
      expect([tool, failuresOf(outcome, name)]).toEqual([tool, { [kind]: requests[name] }]);
    }
    expect(outcome.statistics.total.failures).toBe(4 * 50);
  });

  it('timeout: no answer within the time allowed', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call) => (call === 1 ? undefined : true),
    });
    const outcome = await runToEnd(server.url, { users: 1, requestTimeoutMs: 2_000, iterationsPerUser: 1 });
    expect(failuresOf(outcome, 'tools/call echo')).toEqual({ timeout: 1 });
    const row = outcome.statistics.byName.find(({ name }) => name === 'tools/call echo');
    expect(row?.minMs).toBeGreaterThanOrEqual(2_000);
  });

  it('http 404 session not found: the user opens a new session and goes on', async () => {
    await using server = await CountingMcpServer.start({ callsPerSession: 4 });
    const outcome = await runToEnd(server.url, { users: 1, iterationsPerUser: 10 });
    expect(failuresOf(outcome, 'tools/call echo')).toEqual({ 'http 404 session not found': 2 });
    expect(requestsOf(outcome)).toMatchObject({ initialize: 2, 'tools/call echo': 10 });
  });

  it('timeout in the answer: headers at once, and a body that never ends', async () => {
    await using server = await CountingMcpServer.start({
      tools: [{ name: 'echo' }, { name: 'dripping' }],
      onCall: (tool, call, response) => {
        if (tool === 'echo' || call === 1) return undefined;
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
        return true;
      },
    });
    const plan = { requestTimeoutMs: 500, users: 8, iterationsPerUser: 4 };
    const outcome = await runToEnd(server.url, plan);
    const requests = requestsOf(outcome);
    const dripping = requests['tools/call dripping'] ?? 0;
    expect(dripping).toBeGreaterThan(0);
    expect(failuresOf(outcome, 'tools/call dripping')).toEqual({ 'timeout in the answer': dripping });
    const { minMs } = outcome.statistics.byName.find(({ name }) => name.endsWith('dripping')) ?? {};
    expect(minMs).toBeGreaterThanOrEqual(500);
    expect(failuresOf(outcome, 'tools/call echo')).toEqual({});
    expect(dripping + (requests['tools/call echo'] ?? 0)).toBe(8 * 4);
  });

  it('connect ECONNREFUSED, then http 404: the target dies in the middle of the load and comes back', async () => {
    const server = await CountingMcpServer.start();
    const port = Number(new URL(server.url).port);
    const wait = { kind: 'between', minMs: 5, maxMs: 10 } as const;
    const started = startQuickLoad(server.url, { wait });
    const { load, statistics } = started;
    const kindsOf = (name: string) => Object.keys(failuresOf(started, name));
    await expect.poll(() => server.count('tools/call echo'), patience).toBeGreaterThan(40);
    await server[Symbol.asyncDispose]();
    await expect.poll(() => kindsOf('tools/call echo'), patience).toContain('connect ECONNREFUSED');
    await using again = await CountingMcpServer.start({ port });
    // It knows none of the sessions.
    await expect.poll(() => kindsOf('tools/call echo'), patience).toContain('http 404 session not found');
    await expect.poll(() => again.count('initialize'), patience).toBeGreaterThan(0);
    await expect.poll(() => again.count('tools/call echo'), patience).toBeGreaterThan(40);
    await load.stop();
    await load.finished;
    const { failures, failuresByKind } = statistics.total;
    expect(Object.values(failuresByKind).reduce((sum, count) => sum + count, 0)).toBe(failures);
  });

  it('each text of its own up to a bound, the others together, and none is lost', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call, response, id) => {
        if (call === 1) return undefined;
        const error = { code: -32000, message: `no ${letters(call)}` };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, error }));
        return true;
      },
    });
    const { statistics, samples } = await runToEnd(server.url, { iterationsPerUser: 500 });
    const kinds = Object.entries(failuresOf({ statistics }, 'tools/call echo'));
    expect(kinds.reduce((sum, [, count]) => sum + count, 0)).toBe(4 * 500);
    expect(kinds.map(([kind]) => kind)).toContain('other');
    const mostTold = Math.max(
      ...samples.map(({ byName }) => Object.keys(byName['tools/call echo']?.failuresByKind ?? {}).length),
    );
    expect(mostTold).toBeLessThanOrEqual(65);
  });
});

/** A word for each number, without a digit. */
function letters(number: number): string {
  return number.toString().replaceAll(/\d/g, (digit) => String.fromCodePoint(0x67 + Number(digit)));
}

describe('a generator that is killed in the middle', () => {
  it('ends the load with the reason, and leaves what it had seen: table, files and report', async () => {
    await using server = await CountingMcpServer.start();
    await using folder = await temporaryFolder();
    const [csv, html] = [join(folder.path, 'run'), join(folder.path, 'report.html')];
    const plan = '--users 2 --spawn-rate 100 --think 5ms --run-time 10m --scenario mcp-tools';
    const { code, stdout, stderr } = await gaugeway(
      ['load', '--target', server.url, ...plan.split(' '), '--csv', csv, '--html', html],
      {
        when: {
          seen: /[1-9]\d* requests, 0 failed/,
          run: async (pid) => void process.kill(await generatorOf(pid), 'SIGKILL'),
        },
      },
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('gaugeway: the load generator died (SIGKILL)');
    const [, shown] = /^Aggregated +(\d+) /m.exec(stdout) ?? [];
    expect(Number(shown)).toBeGreaterThan(0);
    const rows = parseCsv(await readFile(`${csv}_stats.csv`, 'utf8'));
    expect(rows.at(-1)?.slice(1, 3)).toEqual(['Aggregated', shown]);
    const [, exception] = parseCsv(await readFile(`${csv}_exceptions.csv`, 'utf8'));
    expect(exception?.[1]).toContain('the load generator died (SIGKILL)');
    const report = await readFile(html, 'utf8');
    expect(report).toContain('the load generator died (SIGKILL)');
    expect(report).toContain(`"requests":${shown}`);
  });
});
