import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { gatewayWorkers } from '../../src/lab/collect/gateway-workers.ts';
import { LateWorkersCollector } from '../../src/lab/collect/late-workers.ts';
import { procMissing } from '../../src/shared/proc-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const missing = procMissing();
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** A cluster of two, beside another child that is no replica of it. */
const program = `
  const cluster = require('node:cluster');
  if (cluster.isPrimary) {
    require('node:child_process').spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    const pids = [cluster.fork(), cluster.fork()].map((worker) => worker.process.pid);
    let online = 0;
    cluster.on('online', () => { online += 1; if (online === 2) process.send(pids); });
  } else {
    process.on('disconnect', () => process.exit());
    setInterval(() => {}, 1000);
  }`;

describe.skipIf(missing)(`the workers of a gateway${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test('that is a Node cluster are replicas of their own, which its other children are not', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'cluster.cjs');
    await writeFile(file, program);
    const primary = spawn(process.execPath, [file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.push(primary);
    const [pids]: unknown[] = await once(primary, 'message');
    const listed = { role: 'gateway' as const, name: 'gateway', pid: primary.pid ?? -1 };
    const workers = await gatewayWorkers([listed, { role: 'upstream', name: 'upstream', pid: process.pid }]);
    expect(workers.map(({ pid }) => pid)).toEqual(pids);
    expect(workers.map(({ name, role }) => `${role}: ${name}`)).toEqual([
      'gateway: gateway worker 1',
      'gateway: gateway worker 2',
    ]);
    expect(await gatewayWorkers([listed, ...workers])).toEqual([]);
    const late: number[] = [];
    const [first] = workers;
    const watched = new Set([listed.pid, first?.pid ?? -1]);
    const collector = new LateWorkersCollector([listed], watched, ({ pid }) => late.push(pid));
    await collector.sample();
    await collector.sample();
    expect(late).toEqual([workers[1]?.pid]);
  });

  test('that has ended are none', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    expect(await gatewayWorkers([{ role: 'gateway', name: 'gateway', pid: child.pid ?? -1 }])).toEqual([]);
  });
});
