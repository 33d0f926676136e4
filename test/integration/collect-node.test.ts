import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { Collector } from '../../src/lab/collect/collector.ts';
import { createCollectors } from '../../src/lab/collect/index.ts';
import { type ProfilingSettings, usualProfiling } from '../../src/lab/collect/profiling-settings.ts';
import { ownListeningSockets } from '../../src/shared/listening-ports.ts';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { RecordingSink } from './recording-sink.ts';

const never = new AbortController().signal;
const missing = process.platform === 'linux' ? undefined : 'needs /proc of Linux';
const tools = new URL('../../src/lab/profilers/node/node-target.ts', import.meta.url).href;

/** Answers what is left in it of a lab, and blocks its event loop on demand. */
const program = `
  function hotLoop(ms) { const end = Date.now() + ms; let x = 0; while (Date.now() < end) x += Math.sqrt(x); return x; }
  process.on('message', (message) => {
    if (message === 'traces') process.send(Object.getOwnPropertySymbols(globalThis).map(String));
    if (message === 'exit') process.exit(7);
    if (message === 'work') setInterval(() => hotLoop(150), 200);
  });
  setInterval(() => undefined, 1000);
  process.send('ready');`;

let running: ChildProcess[] = [];
let opened: Collector[] = [];

afterEach(async () => {
  await Promise.all(opened.map((collector) => collector.close()));
  for (const child of running) child.kill('SIGKILL');
  running = [];
  opened = [];
});

describe.skipIf(missing)(`a running Node process${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test('tells its vitals and where its time goes, and is left as it was found', async () => {
    const child = await start(['-e', program]);
    const before = await ports(child);
    const sink = new RecordingSink();
    const [vitals, cpu] = nodeCollectors(child, { windowMs: 1_200 });
    await vitals.open(never);
    await cpu.open(never);
    await cpu.enterPhase?.('ramp', sink);
    child.send('work');
    await sleep(500);
    await cpu.enterPhase?.('steady', sink);
    await expect
      .poll(
        async () => {
          await vitals.sample?.(sink);
          await cpu.sample?.(sink);
          return sink.profiles.length;
        },
        { timeout: 15_000, interval: 200 },
      )
      .toBeGreaterThanOrEqual(2);
    await cpu.enterPhase?.('cool-down', sink);

    const node = sink.samples.node;
    expect(Math.max(...node.map(({ eventLoopDelayMaxMs }) => eventLoopDelayMaxMs))).toBeGreaterThan(100);
    expect(Math.max(...node.map(({ eventLoopUtilization }) => eventLoopUtilization))).toBeGreaterThan(0.3);
    expect(node.every(({ heapUsedBytes }) => heapUsedBytes > 1e6)).toBe(true);
    for (const { externalBytes, arrayBuffersBytes = 0 } of node) {
      expect(arrayBuffersBytes).toBeGreaterThan(0);
      expect(externalBytes).toBeGreaterThanOrEqual(arrayBuffersBytes);
    }
    expect(sink.costsMs.every((costMs) => costMs > 0)).toBe(true);

    const [first, second] = sink.profiles;
    expect(second?.profile.startMs).toBeLessThanOrEqual(first?.profile.endMs ?? 0);
    const hottest = first?.profile.nodes
      .map(({ frame, self }) => ({ name: first.profile.frames[frame]?.name ?? '', self }))
      .filter(({ name }) => !name.startsWith('('))
      .toSorted((a, b) => b.self - a.self)[0];
    expect(hottest?.name).toBe('hotLoop');

    await vitals.close();
    await cpu.close();
    expect(await ports(child)).toEqual(before);
    expect(await ask(child, 'traces')).not.toContain('Symbol(gaugeway.lab)');
    expect(child.exitCode).toBeNull();
  });

  test('is watched beside another one on the same machine', async () => {
    const children = [await start(['-e', program]), await start(['-e', program])];
    const collectors = children.map((child) => nodeCollectors(child)[0]);
    await Promise.all(collectors.map((collector) => collector.open(never)));
    const sink = new RecordingSink();
    for (const collector of collectors) await collector.sample?.(sink);
    expect(sink.samples.node.map(({ pid }) => pid)).toEqual(children.map(({ pid }) => pid));
    await Promise.all(collectors.map((collector) => collector.close()));
    for (const child of children) expect(await ports(child)).toEqual([]);
  });

  test('keeps an inspector that somebody else opened', async () => {
    const child = await start(['--inspect=127.0.0.1:0', '-e', program]);
    const before = await ports(child);
    expect(before).toHaveLength(1);
    const [vitals] = nodeCollectors(child);
    await vitals.open(never);
    const sink = new RecordingSink();
    await vitals.sample?.(sink);
    await vitals.close();
    expect(sink.samples.node).toHaveLength(1);
    expect(await ports(child)).toEqual(before);
    expect(await ask(child, 'traces')).not.toContain('Symbol(gaugeway.lab)');
  });

  test('can exit while it is watched', async () => {
    const child = await start(['-e', program]);
    const [vitals] = nodeCollectors(child);
    await vitals.open(never);
    const exited = once(child, 'exit');
    child.send('exit');
    expect(await exited).toEqual([7, null]);
    const sink = new RecordingSink();
    await expect(vitals.sample?.(sink)).rejects.toThrow(`process ${child.pid} has ended`);
    await vitals.sample?.(sink);
    expect(sink.samples.node).toEqual([]);
  });

  test('is left as it was found when attaching is interrupted', async () => {
    const child = await start(['-e', program]);
    const [vitals] = nodeCollectors(child);
    const interrupt = new AbortController();
    const opening = vitals.open(interrupt.signal);
    await expect.poll(() => ports(child), { interval: 1, timeout: 10_000 }).not.toEqual([]);
    interrupt.abort();
    await Promise.allSettled([opening]);
    await vitals.close();
    expect(await ports(child)).toEqual([]);
    expect(await ask(child, 'traces')).not.toContain('Symbol(gaugeway.lab)');
  });

  test('undoes everything by itself when the lab was killed', async () => {
    const child = await start(['-e', program]);
    const script = `import { NodeTarget } from '${tools}';
      const quiet = { debug() {}, info() {}, warn() {}, error() {} };
      await NodeTarget.attach(${child.pid}, { signal: new AbortController().signal, logger: quiet, abandonedAfterMs: 400 });
      process.send('ready');
      setInterval(() => undefined, 1000);`;
    const lab = await start(['--input-type=module', '-e', script]);
    expect(await ports(child)).toHaveLength(1);
    lab.kill('SIGKILL');
    await expect.poll(() => ports(child), { timeout: 10_000 }).toEqual([]);
    expect(await ask(child, 'traces')).not.toContain('Symbol(gaugeway.lab)');
    const [vitals] = nodeCollectors(child);
    await vitals.open(never);
    await vitals.close();
    expect(await ports(child)).toEqual([]);
  });
});

describe.skipIf(missing)(`what may not be attached to${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test('a process that is not Node is never signalled', async () => {
    const child = track(spawn('sleep', ['60']));
    await once(child, 'spawn');
    await expect(nodeCollectors(child)[0].open(never)).rejects.toThrow(
      new RegExp(`process ${child.pid} is not Node.*it was not signalled`),
    );
    await sleep(200);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  });

  test('a Node process that does not catch the signal is not sent it', async () => {
    const child = await start(['--disable-sigusr1', '-e', program]);
    await expect(nodeCollectors(child)[0].open(never)).rejects.toThrow('does not catch SIGUSR1');
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  });

  test('a Node process with a handler of its own says so, and lives', async () => {
    const child = await start(['-e', `process.on('SIGUSR1', () => undefined); ${program}`]);
    const [vitals] = nodeCollectors(child);
    await expect(vitals.open(never)).rejects.toThrow('it handles the signal itself');
    const sink = new RecordingSink();
    await vitals.sample?.(sink);
    expect(sink.samples.node).toEqual([]);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  });

  test('a process that has ended, and the lab itself', async () => {
    const child = await start(['-e', program]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(nodeCollectors(child)[0].open(never)).rejects.toThrow(`process ${child.pid} has ended`);
    await expect(nodeCollectors({ pid: process.pid })[0].open(never)).rejects.toThrow('is this lab itself');
  });
});

function nodeCollectors(
  { pid = -1 }: { pid?: number | undefined },
  profiling: Partial<ProfilingSettings> = {},
): [Collector, Collector] {
  const processes = [{ role: 'gateway' as const, name: 'gateway-1', pid }];
  const stack = {
    name: 'test',
    embedded: false,
    gatewayUrl: 'http://127.0.0.1:9',
    processes,
    containers: [],
    logs: [],
  };
  const created = createCollectors(stack, {
    logger: createLogger('silent'),
    profiling: { ...usualProfiling, ...profiling },
  });
  const vitals = created.find(({ source }) => source === 'node');
  const cpu = created.find(({ source }) => source === 'cpu-profile');
  if (!vitals || !cpu) throw new Error('a gateway process gives two collectors');
  opened.push(vitals, cpu);
  return [vitals, cpu];
}

async function start(words: string[]): Promise<ChildProcess> {
  const child = track(spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }));
  expect((await once(child, 'message'))[0]).toBe('ready');
  return child;
}

function track(child: ChildProcess): ChildProcess {
  running.push(child);
  return child;
}

async function ask(child: ChildProcess, question: string): Promise<unknown> {
  const answer = once(child, 'message');
  child.send(question);
  return (await answer)[0];
}

async function ports({ pid = -1 }: ChildProcess): Promise<number[]> {
  return (await ownListeningSockets(pid)).map(({ port }) => port);
}
