import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { NodeTarget } from '../../src/lab/profilers/node/node-target.ts';
import type { ThreadProfile } from '../../src/lab/profilers/profiler.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { busyFunction, portsOf, startNode } from '../support/node-program.ts';
import { hottestFunction, inclusiveShare, shareError } from '../support/node-shares.ts';
import { findProgram, title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { findOlderNode } from './older-node.ts';

const logger = createLogger('silent');
const signal = new AbortController().signal;
const linux = process.platform === 'linux' ? { path: '/proc' } : { missing: 'needs /proc of Linux' };
const older = findOlderNode();
const enterNetwork = process.getuid?.() === 0 ? findProgram('nsenter') : { missing: 'namespaces need root' };

/** A piece of work: long enough for samples of it on a busy machine. */
const workMs = 300;

/** Functions that take turns. Each keeps an account of its own time, in milliseconds that passed. */
const turns = [
  { name: 'sixty', busyMs: 60, next: 'thirty' },
  { name: 'thirty', busyMs: 30, next: 'ten' },
  { name: 'ten', busyMs: 10, next: 'sixty' },
];
/** As text; `done` is a statement for the end of twelve rounds, when all is in `account`. */
const takingTurns = (done: string): string => `
  const account = { sixty: 0, thirty: 0, ten: 0 };
  let left = 12 * ${turns.length};
  ${turns
    .map(({ name, busyMs, next }) =>
      busyFunction(
        name,
        busyMs,
        `left -= 1;
        setTimeout(() => { if (left > 0) ${next}(); else ${done}; }, 0);
        account.${name} += performance.now() - start;`,
      ),
    )
    .join('\n')}`;

const accounted = `
  const { once } = require('node:events');
  const { Worker } = require('node:worker_threads');
  const worker = new Worker(${JSON.stringify(`
    const { parentPort } = require('node:worker_threads');
    ${takingTurns('parentPort.postMessage(account)')}
    parentPort.on('message', sixty);`)}, { eval: true });
  let tell;
  ${takingTurns('tell(account)')}
  answers.work = async () => {
    const told = once(worker, 'message');
    worker.postMessage('work');
    const main = await new Promise((resolve) => { tell = resolve; sixty(); });
    return [main, (await told)[0]];
  };`;

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
      await workersSeen(target);
      const accounts = z.array(z.record(z.string(), z.number())).parse(await program.ask('work'));
      const threads = await window.stop();
      await target.close();

      expect(threads.map(({ thread }) => thread)).toEqual(['main', 'worker 1']);
      for (const [at, { profile }] of threads.entries()) {
        const account = accounts[at] ?? {};
        const spentMs = turns.map(({ name }) => account[name] ?? 0);
        const allMs = spentMs.reduce((sum, ms) => sum + ms, 0);
        const shares = turns.map(({ name }) => inclusiveShare(profile, name));
        const all = shares.reduce((sum, share) => sum + share, 0);
        const mostOff = 0.03 + shareError(profile, Math.min(...turns.map(({ busyMs }) => busyMs)));
        for (const [which, share] of shares.entries()) {
          expect(Math.abs(share / all - (spentMs[which] ?? 0) / allMs)).toBeLessThan(mostOff);
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
      const { once } = require('node:events');
      const { Worker } = require('node:worker_threads');
      const start = (text) => new Worker(text, { eval: true });
      const work = (worker) => { worker.postMessage('work'); return once(worker, 'message'); };
      const early = start(${JSON.stringify(worker('earlyWork'))});
      let late;
      answers.workEarly = () => work(early);
      answers.begin = () => { late = start(${JSON.stringify(worker('lateWork'))}); return once(late, 'online'); };
      answers.workLate = () => work(late);
      answers.end = () => early.terminate();`);
    const target = await NodeTarget.attach(program.pid, { logger, signal });
    const window = await target.start();
    await workersSeen(target);
    await program.ask('workEarly');
    await workersSeen(target);
    await program.ask('begin');
    await program.ask('end');
    await workersSeen(target);
    await program.ask('workLate');
    const threads = await window.stop();
    const next = await target.start();
    await workersSeen(target);
    await program.ask('workLate');
    const later = await next.stop();
    await target.close();

    expect(hottest(threads)).toEqual(['earlyWork', 'lateWork']);
    expect(hottest(later)).toEqual(['lateWork']);
  });

  test('are kept up to the end of a process that ends in the middle, which is told', async () => {
    await using program = await startNode(`
      ${busyFunction('lastWork', workMs)}
      answers.work = lastWork;
      answers.exit = () => { setImmediate(() => process.exit(3)); };`);
    const target = await NodeTarget.attach(program.pid, { logger, signal });
    const window = await target.start();
    await program.ask('work');
    // What it did until then is fetched.
    await workersSeen(target);
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
      setInterval(() => undefined, 1000);
      ${busyFunction('nowRunning', 20, 'setTimeout(nowRunning, 0);')}
      answers.port = () => server.address().port;
      nowRunning();`);
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

    const [main] = await target.stackNow();
    // On a core that others take, it may give no answer in a second.
    if (main?.state !== 'blocked') expect(main?.stack.map(({ name }) => name)).toContain('nowRunning');
    await target.close();
    for (const { pid } of waiting.childProcesses) process.kill(pid);
  });
});

describe.skipIf(linux.missing)(title('several processes at once', linux), () => {
  test(
    'a cluster of four with its primary, all of them on the same debug port',
    { timeout: 90_000 },
    async () => {
      await using folder = await temporaryFolder();
      // Of a file, as Node's own signal to its workers waits until they have told that they are online.
      const file = join(folder.path, 'worker.cjs');
      await writeFile(
        file,
        `let oftenMs = 0;
        let workedMs = 0;
        ${busyFunction('clusterWork', workMs, 'workedMs += performance.now() - start;')}
        // A busy one takes up that signal at any time.
        ${busyFunction('often', 8, 'oftenMs += performance.now() - start;')}
        let timer = setInterval(often, 60);
        process.on('message', (word) => {
          if (word === 'often') timer = setInterval(often, 60);
          else {
            clearInterval(timer);
            // However long attaching has taken, most of the work is this.
            while (workedMs < 2 * oftenMs || workedMs === 0) clusterWork();
          }
          process.send('done');
        });
        process.send('ready');`,
      );
      await using program = await startNode(`
      const cluster = require('node:cluster');
      const { once } = require('node:events');
      cluster.setupPrimary({ exec: ${JSON.stringify(file)}, execArgv: [] });
      const workers = [1, 2, 3, 4].map(() => cluster.fork());
      const ready = Promise.all(workers.map((worker) => once(worker, 'message')));
      ${busyFunction('primaryWork', workMs)}
      answers.pids = async () => { await ready; return workers.map(({ process }) => process.pid); };
      const tell = (word) => workers.map((worker) => { worker.send(word); return once(worker, 'message'); });
      answers.often = () => Promise.all(tell('often'));
      answers.work = async () => {
        const done = tell('work');
        primaryWork();
        await Promise.all(done);
      };`);
      const pids = [program.pid, ...z.array(z.number()).parse(await program.ask('pids'))];
      const targets = await Promise.all(pids.map((pid) => NodeTarget.attach(pid, { logger, signal })));
      const windows = await Promise.all(targets.map((target) => target.start()));
      await program.ask('work');
      const profiles = await Promise.all(windows.map((window) => window.stop()));
      await Promise.all(targets.map((target) => target.close()));
      const names = profiles.map(([main]) => main && hottestFunction(main.profile));
      expect(names).toEqual(['primaryWork', 'clusterWork', 'clusterWork', 'clusterWork', 'clusterWork']);
      for (const pid of pids) expect(await portsOf(pid)).toEqual([]);
      await program.ask('often');
      // Nor is anything left in the workers when the primary alone is looked at.
      const primary = await NodeTarget.attach(program.pid, { logger, signal });
      for (const pid of pids.slice(1)) expect(await portsOf(pid)).toEqual([]);
      await primary.close();
      for (const pid of pids) expect(await portsOf(pid)).toEqual([]);
      expect(program.alive).toBe(true);
    },
  );

  test.skipIf(enterNetwork.missing)(
    title('in network namespaces of their own, as in containers, two of them in the same one', enterNetwork),
    { timeout: 90_000 },
    async () => {
      await using first = await startNode(working('firstWork'), { inNetwork: 'own' });
      // On the same debug port as the first.
      await using beside = await startNode(working('besideWork'), { inNetwork: first.pid });
      await using second = await startNode(working('secondWork'), {
        inNetwork: 'own',
        flags: ['--inspect-port=0'],
      });
      await using third = await startNode(working('thirdWork'), { flags: ['--inspect=127.0.0.1:0'] });
      const programs = [first, beside, second, third];
      const before = await Promise.all(programs.map((program) => program.footprint()));
      const targets = await Promise.all(
        programs.map(({ pid }) => NodeTarget.attach(pid, { logger, signal })),
      );
      const windows = await Promise.all(targets.map((target) => target.start()));
      await Promise.all(programs.map((program) => program.ask('work')));
      const profiles = await Promise.all(windows.map((window) => window.stop()));
      await Promise.all(targets.map((target) => target.close()));
      const names = profiles.map(([main]) => main && hottestFunction(main.profile));
      expect(names).toEqual(['firstWork', 'besideWork', 'secondWork', 'thirdWork']);
      expect(await Promise.all(programs.map((program) => program.footprint()))).toEqual(before);
    },
  );
});

/** Of each worker. */
function hottest([, ...workers]: ThreadProfile[]): (string | undefined)[] {
  return workers.map(({ profile }) => hottestFunction(profile));
}

/** Text of a program that works when it is asked to. */
function working(name: string): string {
  return `${busyFunction(name, workMs)} answers.work = ${name};`;
}

/** Text of a worker that works at a message, and answers when that is done. */
function worker(name: string): string {
  return `const { parentPort } = require('node:worker_threads');
    ${busyFunction(name, workMs, "parentPort.postMessage('done');")}
    parentPort.on('message', ${name});`;
}

/** Resolves when all workers are profiled: a window waits for them at its end, not at its beginning. */
async function workersSeen(target: NodeTarget): Promise<void> {
  const window = await target.start();
  await window.stop();
}
