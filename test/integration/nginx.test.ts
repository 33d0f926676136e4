import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AccessLogCollector } from '../../src/lab/collect/access-log.ts';
import { NginxCollector } from '../../src/lab/collect/nginx.ts';
import { limitsWith } from '../../src/lab/look/limits.ts';
import { TrafficLook } from '../../src/lab/look/nginx/traffic.ts';
import { probeTarget } from '../../src/lab/probe-target.ts';
import { renderLook } from '../../src/lab/look/look-table.ts';
import { LatencySketch } from '../../src/shared/latency-sketch.ts';
import { sleep } from '../../src/shared/clock.ts';
import { gaugeway } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { type Nginx, nginxRequirement, startNginx } from '../support/nginx.ts';
import { title } from '../support/requires.ts';
import { RecordingSink } from './recording-sink.ts';

const never = new AbortController().signal;
const slowMs = 60;

/** Answers at once, `/slow` after a while, `/broken` with 500. */
async function startServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    response.statusCode = request.url?.startsWith('/broken') ? 500 : 200;
    if (request.url?.startsWith('/slow')) setTimeout(() => response.end('slow'), slowMs);
    else response.end('ok');
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port };
}

async function get(nginx: Nginx, path: string, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) await (await fetch(`${nginx.url}${path}`)).arrayBuffer();
}

describe.skipIf(nginxRequirement.missing)(title('nginx', nginxRequirement), () => {
  let servers: { server: Server; port: number }[];
  let nginx: Nginx;

  beforeAll(async () => {
    servers = [await startServer(), await startServer()];
    nginx = await startNginx(
      servers.map(({ port }) => port),
      { weights: [4, 1] },
    );
  });

  afterAll(async () => {
    await nginx[Symbol.asyncDispose]();
    for (const { server } of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  test('the status page is read, and counts what was asked', async () => {
    const collector = new NginxCollector(nginx.statusUrl);
    const sink = new RecordingSink();
    await collector.open(never);
    await collector.sample(sink);
    await get(nginx, '/', 10);
    await collector.sample(sink);
    await collector.close();
    const [before, after] = sink.samples.nginx;
    expect((after?.requests ?? 0) - (before?.requests ?? 0)).toBe(11);
    expect(after?.accepts).toBe(after?.handled);
  });

  test('the access log is read from the start of the run on: times, statuses and upstreams', async () => {
    const collector = new AccessLogCollector(nginx.accessLog);
    const sink = new RecordingSink();
    await get(nginx, '/', 3);
    await collector.open();
    await get(nginx, '/slow', 5);
    await get(nginx, '/broken', 2);
    await get(nginx, '/local', 4);
    await collector.sample(sink);
    while (sink.samples['access-log'].reduce((sum, { requests }) => sum + requests, 0) < 11) {
      await sleep(20);
      await collector.sample(sink);
    }
    await collector.close();
    const samples = sink.samples['access-log'];
    const merged = new LatencySketch();
    for (const { upstreamTime } of samples) merged.merge(upstreamTime);
    expect(merged.count).toBe(7);
    expect(merged.maxMs).toBeGreaterThanOrEqual(slowMs - 1);
    const total = (read: (sample: (typeof samples)[number]) => number): number =>
      samples.reduce((sum, sample) => sum + read(sample), 0);
    expect(total(({ withoutUpstream }) => withoutUpstream)).toBe(4);
    expect(total(({ byStatusClass }) => byStatusClass['5xx'] ?? 0)).toBe(2);
    expect(total(({ unreadable }) => unreadable)).toBe(0);
    const failures = samples
      .flatMap(({ byUpstream }) => Object.values(byUpstream))
      .map((each) => each.failures);
    expect(failures.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  test('a look tells both, and what is wrong with it', async () => {
    const look = new TrafficLook({ statusUrl: nginx.statusUrl, accessLog: nginx.accessLog });
    const before = await look.read(never);
    await get(nginx, '/', 100);
    await get(nginx, '/broken', 10);
    const after = await look.read(never);
    const limits = limitsWith({});
    const document = look.judge(after, before, limits);
    await look.close();
    expect(document).toMatchObject({ verdict: 'fail', dropped: 0, unreadable: 0, notes: [] });
    expect(document.upstreams.map(({ requests }) => requests)).toEqual([88, 22]);
    expect(document.remarks.map(({ text }) => text)).toEqual([
      '9.1 % of the answers are 5xx (limit 1 %)',
      'the busiest upstream got 4.0 times the requests of the least busy (limit 1.5)',
    ]);
    const lines = renderLook(document, look.tables(document), { columns: 80, color: false });
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test('requests for the status page, and others of the lab, are no requests of anybody', async () => {
    await using logging = await startNginx(
      servers.map(({ port }) => port),
      { logsStatus: true },
    );
    const look = new TrafficLook({ statusUrl: logging.statusUrl, accessLog: logging.accessLog });
    const before = await look.read(never);
    await get(logging, '/nginx_status', 3);
    await probeTarget(logging.url, never);
    await get(logging, '/local', 2);
    const read = await look.read(never);
    await look.close();
    expect(before.access?.requests).toBe(0);
    expect(read.access).toMatchObject({ requests: 2, unreadable: 0 });
  });

  test('gaugeway nginx: as a document, and exit 1 with --check', async () => {
    const requesting = setInterval(() => {
      get(nginx, '/broken', 1).catch(() => clearInterval(requesting));
    }, 20);
    const { code, stdout } = await gaugeway([
      'nginx',
      '--nginx-status',
      nginx.statusUrl,
      '--access-log',
      nginx.accessLog,
      '--window',
      '1s',
      '--json',
      '--check',
    ]);
    clearInterval(requesting);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'nginx', verdict: 'fail' });
  });

  test('what is no status page is said so, without the password of its URL', async () => {
    const url = nginx.statusUrl.replace('http://', 'http://bob:hunter2@').replace('nginx_status', 'local');
    const { code, stderr } = await gaugeway(['nginx', '--nginx-status', url]);
    expect([code, stderr.includes('hunter2')]).toEqual([3, false]);
    expect(stderr).toContain('/local answered with status 204');
    const gone = await gaugeway(['nginx', '--access-log', '/nowhere/access.log', '--window', '100ms']);
    expect([gone.code, gone.stderr]).toEqual([
      3,
      expect.stringContaining('/nowhere/access.log cannot be read'),
    ]);
  });
});

describe.skipIf(nginxRequirement.missing)(title('another format of the access log', nginxRequirement), () => {
  const json = `log_format gaugeway escape=json '{"time":"$time_iso8601","status":"$status","request_time":"$request_time",'
    '"upstream_addr":"$upstream_addr","upstream_response_time":"$upstream_response_time"}';`;
  const plain =
    'log_format gaugeway \'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent\';';

  test.for([
    ['JSON tells the same', json, []],
    ['without times it is said which format is needed', plain, [expect.stringContaining('rt=$request_time')]],
  ] as const)('%s', async ([, format, notes]) => {
    const { server, port } = await startServer();
    await using nginx = await startNginx([port], { format });
    const look = new TrafficLook({ statusUrl: nginx.statusUrl, accessLog: nginx.accessLog });
    const before = await look.read(never);
    await get(nginx, '/', 5);
    const document = look.judge(await look.read(never), before, limitsWith({}));
    await look.close();
    server.closeAllConnections();
    server.close();
    expect(document.byStatusClass).toEqual({ '2xx': 5 });
    expect(document.notes).toEqual(notes);
  });
});
