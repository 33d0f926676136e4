import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { NodeTarget } from '../../src/lab/profilers/node/node-target.ts';
import type { ThreadProfile } from '../../src/lab/profilers/profiler.ts';
import { sleep } from '../../src/shared/clock.ts';
import { readProcStatus } from '../../src/shared/proc-files.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { busyFunction, portsOf, startNode } from '../support/node-program.ts';
import { hottestFunction, inclusiveShare } from '../support/node-shares.ts';
import { findProgram, title } from '../support/requires.ts';
import { findOlderNode } from './older-node.ts';

const logger = createLogger('silent');
const signal = new AbortController().signal;
const linux = process.platform === 'linux' ? { path: '/proc' } : { missing: 'needs /proc of Linux' };
const older = findOlderNode();
const enterNetwork = process.getuid?.() === 0 ? findProgram('nsenter') : { missing: 'namespaces need root' };

/** Three functions that take turns and keep an account of their own time, in milliseconds. */
const takingTurns = (at: number): string =>
  [
    { name: 'sixty', busyMs: 30, next: 'thirty' },
    { name: 'thirty', busyMs: 15, next: 'ten' },
    { name: 'ten', busyMs: 5, next: 'sixty' },
  ]
    .map(({ name, busyMs, next }, which) => {
      const account = `accounts[${at + which}] += performance.now() - start;`;
      return busyFunction(name, busyMs, `setTimeout(${next}, 0); ${account}`);
    })
    .join('\n') + '\nsixty();';

const accounted = `
  const { Worker } = require('node:worker_threads');
  const shared = new SharedArrayBuffer(6 * 8);
  const accounts = new Float64Array(shared);
  new Worker(${JSON.stringify(`
    const accounts = new Float64Array(require('node:worker_threads').workerData);
    ${takingTurns(3)}`)}, { eval: true, workerData: shared });
  answers.accounts = () => [...accounts];
  ${takingTurns(0)}`;

describe.skipIf(linux.missing ?? older.missing)(title('functions of a Node process', linux, older), () => {
  test.each([
    ['this Node', process.execPath],
    ['an older Node', older.path ?? ''],
  ])(
    'have the shares that they account for themselves, in the main thread and in a worker: %s',
    async (_, node) => {
      await using program = await startNode(accounted, { node });
      const before = await program.footprint();
      const target = await NodeTarget.attach(program.pid, { logger, signal });
      const window = await target.start();
      const from = numbers(await program.ask('accounts'));
      await sleep(2500);
      const to = numbers(await program.ask('accounts'));
      const threads = await window.stop();
      await target.close();

      expect(threads.map(({ thread }) => thread)).toEqual(['main', 'worker 1']);
      for (const [at, { profile }] of threads.entries()) {
        const spentMs = [0, 1, 2].map((which) => (to[at * 3 + which] ?? 0) - (from[at * 3 + which] ?? 0));
        const allMs = spentMs.reduce((sum, ms) => sum + ms, 0);
        const shares = ['sixty', 'thirty', 'ten'].map((name) => inclusiveShare(profile, name));
        const all = shares.reduce((sum, share) => sum + share, 0);
        for (const [which, share] of shares.entries()) {
          const difference = (share / all) * 100 - ((spentMs[which] ?? 0) / allMs) * 100;
          expect(Math.abs(difference)).toBeLessThan(3);
        }
        expect(profile.order).toBe('time');
      }
      expect(await program.footprint()).toEqual(before);
    },
  );
});

describe.skipIf(linux.missing)(title('threads of a Node process', linux), () => {
  test('may begin and end in the middle of a window', async () => {
    await using program = await startNode(`
      const { Worker } = require('node:worker_threads');
      let early = new Worker(${JSON.stringify(worker('earlyWork'))}, { eval: true });
      let late;
      answers.begin = () => { late = new Worker(${JSON.stringify(worker('lateWork'))}, { eval: true }); };
      answers.end = () => { early.postMessage('end'); };`);
    const target = await NodeTarget.attach(program.pid, { logger, signal, chunkMs: 200 });
    const window = await target.start();
    await sleep(1500);
    await program.ask('begin');
    await program.ask('end');
    await sleep(1500);
    const threads = await window.stop();
    const next = await target.start();
    await sleep(300);
    const later = await next.stop();
    await target.close();

    expect(hottest(threads)).toEqual(['earlyWork', 'lateWork']);
    expect(hottest(later)).toEqual(['lateWork']);
  });

  test('are kept up to the end of a process that ends in the middle, which is told', async () => {
    await using program = await startNode(`
      answers.exit = () => { setTimeout(() => process.exit(3), 50); };
      ${busy('lastWork')}`);
    const target = await NodeTarget.attach(program.pid, { logger, signal, chunkMs: 200 });
    const window = await target.start();
    await sleep(900);
    const exited = once(program.child, 'exit');
    await program.ask('exit');
    expect(await exited).toEqual([3, null]);
    const [main] = await window.stop();
    expect(main && hottestFunction(main.profile)).toBe('lastWork');
    expect(target.lost).toBe(true);
    await expect(target.start()).rejects.toThrow(`process ${program.pid} has ended`);
    await target.close();
  });

  test('are told with what they do now, and what the event loop waits for', async () => {
    await using program = await startNode(`
      const { Worker } = require('node:worker_threads');
      const net = require('node:net');
      new Worker('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)', { eval: true });
      const server = net.createServer().listen(0, '127.0.0.1', () => { net.connect(server.address().port, '127.0.0.1'); });
      require('node:child_process').spawn('sleep', ['60']);
      setInterval(() => undefined, 1000);
      ${busy('nowRunning')}
      answers.port = () => server.address().port;
      answers.end = () => { process.exit(); };`);
    const port = Number(await program.ask('port'));
    const target = await NodeTarget.attach(program.pid, { logger, signal });
    const waiting = await target.waiting();
    const address = `127.0.0.1:${port}`;
    expect(waiting.sockets).toEqual(
      expect.arrayContaining([
        { direction: 'listen', local: address, remote: '', unsentBytes: 0 },
        expect.objectContaining({ direction: 'in', local: address }),
        expect.objectContaining({ direction: 'out', remote: address }),
      ]),
    );
    expect(waiting.childProcesses).toEqual([{ pid: expect.any(Number), file: 'sleep' }]);
    expect(waiting.timers).toBeGreaterThanOrEqual(2);
    expect(waiting.resources.map(({ type }) => type)).toContain('TCPServerWrap');

    await expect
      .poll(
        async () => {
          const [main] = await target.stackNow();
          return main?.stack.map(({ name }) => name) ?? [];
        },
        { timeout: 15_000 },
      )
      .toContain('nowRunning');
    await target.close();
    for (const { pid } of waiting.childProcesses) process.kill(pid);
  });
});

describe.skipIf(linux.missing)(title('several processes at once', linux), () => {
  test('a cluster of four with its primary, all of them on the same debug port', async () => {
    await using program = await startNode(`
      const cluster = require('node:cluster');
      cluster.setupPrimary({ exec: '', execArgv: ['-e', ${JSON.stringify(busy('clusterWork'))}] });
      for (let worker = 0; worker < 4; worker += 1) cluster.fork();
      answers.pids = () => Object.values(cluster.workers).map(({ process }) => process.pid);
      ${busy('primaryWork')}
      process.on('exit', () => Object.values(cluster.workers).forEach((worker) => worker.kill()));`);
    const workers = numbers(await program.ask('pids'));
    const pids = [program.pid, ...workers];
    await expect
      .poll(async () => (await Promise.all(workers.map(catchesSignal))).every(Boolean), { timeout: 10_000 })
      .toBe(true);
    const targets = await Promise.all(pids.map((pid) => NodeTarget.attach(pid, { logger, signal })));
    const windows = await Promise.all(targets.map((target) => target.start()));
    await sleep(1200);
    const profiles = await Promise.all(windows.map((window) => window.stop()));
    await Promise.all(targets.map((target) => target.close()));
    const names = profiles.map(([main]) => main && hottestFunction(main.profile));
    expect(names).toEqual(['primaryWork', ...workers.map(() => 'clusterWork')]);
    for (const pid of pids) expect(await portsOf(pid)).toEqual([]);
    expect(program.alive).toBe(true);
  });

  test.skipIf(enterNetwork.missing)(
    title('two in a network namespace of their own, as in containers', enterNetwork),
    async () => {
      await using first = await startNode(busy('firstWork'), { inNetwork: 'own' });
      await using second = await startNode(busy('secondWork'), {
        inNetwork: 'own',
        flags: ['--inspect-port=0'],
      });
      await using third = await startNode(busy('thirdWork'), { flags: ['--inspect=127.0.0.1:0'] });
      const programs = [first, second, third];
      const before = await Promise.all(programs.map((program) => program.footprint()));
      const targets = await Promise.all(
        programs.map(({ pid }) => NodeTarget.attach(pid, { logger, signal })),
      );
      const windows = await Promise.all(targets.map((target) => target.start()));
      await sleep(600);
      const profiles = await Promise.all(windows.map((window) => window.stop()));
      await Promise.all(targets.map((target) => target.close()));
      const names = profiles.map(([main]) => main && hottestFunction(main.profile));
      expect(names).toEqual(['firstWork', 'secondWork', 'thirdWork']);
      expect(await Promise.all(programs.map((program) => program.footprint()))).toEqual(before);
    },
  );
});

/** Of each worker. */
function hottest([, ...workers]: ThreadProfile[]): (string | undefined)[] {
  return workers.map(({ profile }) => hottestFunction(profile));
}

function busy(name: string): string {
  return `${busyFunction(name, 20)} setInterval(${name}, 60);`;
}

function worker(name: string): string {
  return `${busy(name)} require('node:worker_threads').parentPort.once('message', () => process.exit());`;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

/** A process that has just been forked does not run Node yet. */
async function catchesSignal(pid: number): Promise<boolean> {
  return ((await readProcStatus(pid)).caughtSignals & (1n << 9n)) !== 0n;
}
