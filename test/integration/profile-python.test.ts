import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProfiledProcesses } from '../../src/lab/cpu/profiled-processes.ts';
import { recordProfiles } from '../../src/lab/cpu/record.ts';
import { mergeProfiles } from '../../src/lab/profile/merge-profiles.ts';
import type { Profile } from '../../src/lab/profile/profile.ts';
import { pySpyError } from '../../src/lab/profilers/py-spy/py-spy-error.ts';
import { PySpyTarget } from '../../src/lab/profilers/py-spy/py-spy-target.ts';
import { readRaw } from '../../src/lab/profilers/py-spy/read-raw.ts';
import type { CpuProfiler, ThreadProfile } from '../../src/lab/profilers/profiler.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { ProcessEndedError, readChildPids, readProcFile } from '../../src/shared/proc-files.ts';
import { putPySpyOnPath, pySpy } from '../support/py-spy.ts';
import { findProgram, title } from '../support/requires.ts';
import { profilerOf, type SampledProgram, shareOf, startProgram } from '../support/sampled-program.ts';

const python = findProgram('python3');

/**
 * Keeps account of its own time, and tells it after each 0.4 seconds of CPU; the other threads wait. It counts time that
 * passes, as py-spy without pauses does: a thread that waits for a core counts as running. Turns are short, so that a
 * busy machine delays all three functions alike.
 */
const accountant = `
import json, threading, time
spent = {'hot': 0.0, 'warm': 0.0, 'cool': 0.0}
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(500))
def timed(name, work):
    begin = time.perf_counter()
    work()
    spent[name] += time.perf_counter() - begin
def hot(): burn(0.012)
def warm(): burn(0.006)
def cool(): burn(0.002)
def wait_for_lock(lock):
    with lock: pass
def wait_for_time():
    while True: time.sleep(100)
lock = threading.Lock()
lock.acquire()
threading.Thread(target=wait_for_lock, args=(lock,), name='locked', daemon=True).start()
threading.Thread(target=wait_for_time, name='sleeper', daemon=True).start()
while True:
    print(json.dumps(spent), flush=True)
    for _ in range(20):
        timed('hot', hot)
        timed('warm', warm)
        timed('cool', cool)
`;

const functions = ['hot', 'warm', 'cool'] as const;
/** Seconds. */
type Account = Record<(typeof functions)[number], number>;
const threePoints = 0.03;
const mostWindows = 8;

/** A parent that waits for a child that works. */
const parent = `
import subprocess, sys
work = '''
import os
parent = os.getppid()
def child_work():
    while os.getppid() == parent: sum(range(5000))
print("ready; go", flush=True)
child_work()
'''
child = subprocess.Popen([sys.executable, '-c', work, 'a;b "c"; --token=hush'])
def wait_for_child(): child.wait()
wait_for_child()
`;

/** Works in another function from a signal on. */
const changing = `
import signal
isLater = False
def change(number, frame):
    global isLater
    isLater = True
def earlier(): sum(range(5000))
def later(): sum(range(5000))
signal.signal(signal.SIGUSR1, change)
print('ready', flush=True)
while True:
    if isLater:
        for _ in range(500): later()
        print('later', flush=True)
    else: earlier()
`;

const suite = title('CPU profiles of Python', pySpy, python);

describe.skipIf(pySpy.missing ?? python.missing)(suite, { timeout: 60_000 }, () => {
  let program: SampledProgram;
  const command = python.path ?? '';

  beforeAll(async () => {
    putPySpyOnPath();
    program = await startProgram(command, ['-c', accountant]);
  });
  afterAll(() => program[Symbol.asyncDispose]());

  test('give each function the share of time that the program itself counts', async () => {
    await using profiler = await profilerOf(program.pid, { rateHz: 500 });
    const profiles: Profile[] = [];
    const spent = new Map(functions.map((name) => [name, 0]));
    const furthestOff = (): number => {
      const profile = mergeProfiles(profiles, 'all windows');
      const all = [...spent.values()].reduce((sum, seconds) => sum + seconds, 0);
      return Math.max(
        ...[...spent].map(([name, seconds]) => Math.abs(shareOf(profile, name) - seconds / all)),
      );
    };
    // Where py-spy waits for a core, too, samples come in bunches, and it takes more of them to tell the shares.
    do {
      const window = await profiler.start();
      const begin: Account = JSON.parse(await program.line());
      const end: Account = JSON.parse(await linesOf(program, 3));
      const [only, ...others] = await window.stop();
      expect(others).toEqual([]);
      expect(only?.thread).toBe('all threads');
      if (only !== undefined) profiles.push(only.profile);
      for (const name of functions) spent.set(name, (spent.get(name) ?? 0) + end[name] - begin[name]);
    } while (furthestOff() >= threePoints && profiles.length < mostWindows);
    expect(furthestOff()).toBeLessThan(threePoints);
    const [profile] = profiles;
    expect(profile).toMatchObject({ unit: 'microseconds', order: 'none', interval: 2000 });
    expect(profile?.frames).toContainEqual({ name: 'hot', file: '<string>', line: 12, column: 0 });
    expect(profiler.facts?.()[0]).toMatch(/^py-spy \d+\.\d+\.\d+, without pausing the process$/);
  });

  test('follow each other without a gap, also of two processes at once', async () => {
    await using second = await startProgram(command, ['-c', accountant]);
    await using one = await profilerOf(program.pid);
    await using other = await profilerOf(second.pid);
    const first = await one.start();
    const parallel = await other.start();
    await linesOf(second, 2);
    const next = await one.start();
    const [before] = await first.stop();
    await linesOf(second, 2);
    const [after] = await next.stop();
    const [beside] = await parallel.stop();
    expect(after?.profile.startMs).toBeLessThanOrEqual(before?.profile.endMs ?? 0);
    for (const part of [before, after, beside]) expect(shareOf(part?.profile, 'hot')).toBeGreaterThan(0.1);
  });

  test('keep threads apart, and count those that wait where that is asked for', async () => {
    await using profiler = await profilerOf(program.pid, { threads: true, python: { idle: true } });
    const window = await profiler.start();
    await linesOf(program, 2);
    const threads = await window.stop();
    expect(threads[0]?.thread).toBe('main');
    const waitsIn = (name: string): string[] =>
      threads.find(({ thread }) => thread === name)?.profile.frames.map((frame) => frame.name) ?? [];
    expect(waitsIn('locked')).toContain('wait_for_lock');
    expect(waitsIn('sleeper')).toContain('wait_for_time');
    expect(waitsIn('main')).toContain('hot');
  });

  test('say what each thread does now, and what those that are blocked wait for', async () => {
    await using profiler = await profilerOf(program.pid);
    const [main, ...others] = (await profiler.stackNow?.()) ?? [];
    expect(main).toMatchObject({ thread: 'main', state: 'running' });
    expect(main?.stack.at(-1)).toMatchObject({ name: '<module>' });
    const locked = others.find(({ thread }) => thread === 'locked');
    expect(locked).toMatchObject({ state: 'blocked', says: expect.stringMatching(/^blocked in futex/) });
    expect(locked?.stack[0]).toEqual({ name: 'wait_for_lock', file: '<string>', line: 16, column: 0 });
    const sleeper = others.find(({ thread }) => thread === 'sleeper');
    expect(sleeper?.says).toMatch(/^blocked in clock_nanosleep/);
    expect(sleeper?.stack[0]?.name).toBe('wait_for_time');
  });

  test('know the main thread of a program that never loaded threads', async () => {
    const plain = "print('ready', flush=True)\nwhile True: pass";
    await using single = await startProgram(command, ['-c', plain]);
    await using profiler = await profilerOf(single.pid);
    expect(await profiler.stackNow?.()).toMatchObject([{ thread: 'main', state: 'running' }]);
  });

  test('pause the process only when that is asked for, and never often', async () => {
    const pausing = { python: { blocking: true } };
    await expect(profilerOf(program.pid, { rateHz: 200, ...pausing })).rejects.toThrow(
      'py-spy that pauses the process for each sample may take at most 100 samples a second, not 200',
    );
    await using profiler = await profilerOf(program.pid, pausing);
    const window = await profiler.start();
    await linesOf(program, 2);
    const [only] = await window.stop();
    expect(shareOf(only?.profile, 'hot')).toBeGreaterThan(0.1);
    expect(profiler.facts?.()[0]).toContain('the process pauses for each sample');
  });

  test('follow what a process starts, without its command line', async () => {
    await using family = await startProgram(command, ['-c', parent]);
    await using profiler = await profilerOf(family.pid, { python: { subprocesses: true } });
    // py-spy looks for children once in a while.
    let child: ThreadProfile | undefined;
    while (child === undefined) {
      const window = await profiler.start();
      await program.line();
      child = (await window.stop()).find(({ pid }) => pid !== undefined);
    }
    expect(child.pid).not.toBe(family.pid);
    expect(shareOf(child.profile, 'child_work')).toBe(1);
    expect(JSON.stringify(child)).not.toContain('hush');
  });

  test('of a process that ends meanwhile hold what was seen until then', async () => {
    await using mortal = await startProgram(command, ['-c', accountant]);
    await using profiler = await profilerOf(mortal.pid);
    const window = await profiler.start();
    await linesOf(mortal, 2);
    await mortal.kill();
    const [only] = await window.stop();
    expect(shareOf(only?.profile, 'hot')).toBeGreaterThan(0.1);
    await expect(profiler.start()).rejects.toThrow(ProcessEndedError);
    expect(profiler.lost).toBe(true);
  });

  test('go on where py-spy has ended by its limit of time, and tell what is missing', async () => {
    await using mortal = await startProgram(command, ['-c', changing]);
    const options = { logger: createLogger('silent'), signal: new AbortController().signal, rateHz: 100 };
    const target = await PySpyTarget.attach(mortal.pid, { ...options, limitS: 1 });
    const window = await target.start();
    const restart = expect.stringMatching(
      /^py-spy was started again once: meanwhile, \d+m?s were not sampled$/,
    );
    await expect.poll(() => target.facts(), { timeout: 30_000 }).toContainEqual(restart);
    process.kill(mortal.pid, 'SIGUSR1');
    await linesOf(mortal, 2);
    const [only, ...others] = await window.stop();
    await target.close();
    expect(others).toEqual([]);
    for (const name of ['earlier', 'later']) expect(shareOf(only?.profile, name)).toBeGreaterThan(0);
  });

  test('of a recording are written down now and then, and merged', async () => {
    let starts = 0;
    const ending = new AbortController();
    const open = async (pid: number): Promise<CpuProfiler> => {
      const profiler = await profilerOf(pid);
      const start = async (): ReturnType<CpuProfiler['start']> => {
        const window = await profiler.start();
        starts += 1;
        if (starts === 3) ending.abort();
        return window;
      };
      return { pid, profiler: 'py-spy', lost: false, start, close: () => profiler.close() };
    };
    const processes = await ProfiledProcesses.attach(
      [{ role: 'gateway', name: 'gateway', pid: program.pid }],
      { open, subprocesses: false, onNote: () => undefined },
    );
    const windowMs = { 'py-spy': 500 };
    const { processes: recorded } = await recordProfiles(processes, { signal: ending.signal, windowMs });
    await processes.close();
    expect(starts).toBe(3);
    expect(recorded[0]?.threads.map(({ thread }) => thread)).toEqual(['all threads']);
    expect(shareOf(recorded[0]?.threads[0]?.profile, 'hot')).toBeGreaterThan(0.1);
  });

  test('of a process that has ended by now tell how they were taken', async () => {
    await using mortal = await startProgram(command, ['-c', accountant]);
    const processes = await ProfiledProcesses.attach(
      [{ role: 'gateway', name: 'gateway', pid: mortal.pid }],
      { open: (pid) => profilerOf(pid), subprocesses: false, onNote: () => undefined },
    );
    await mortal.kill();
    await processes.end();
    expect(processes.running).toEqual([]);
    expect(processes.facts[0]).toMatch(/^py-spy \d/);
  });

  test('leave the process as it was, and nobody behind', async () => {
    const profiler = await profilerOf(program.pid);
    await profiler.start();
    await profiler.close();
    expect(await readProcFile(program.pid, 'status')).toMatch(/^TracerPid:\t0$/m);
    const children = (await readProcFile(process.pid, `task/${process.pid}/children`)).split(' ');
    const names = await Promise.all(
      children.filter(Boolean).map((pid) => readProcFile(Number(pid), 'comm').catch(() => '')),
    );
    expect(names).not.toContain('py-spy\n');
    expect(program.hasEnded()).toBe(false);
    await program.line();
  });

  test.skipIf(process.getuid?.() !== 0)(
    'leave waiting threads out, also where a container numbers its processes itself',
    async () => {
      const words = ['--pid', '--fork', '--mount-proc', '--kill-child', command, '-c', accountant];
      await using contained = await startProgram('unshare', words);
      const [pid = 0] = await readChildPids(contained.pid);
      await using profiler = await profilerOf(pid, { threads: true });
      const window = await profiler.start();
      await contained.line();
      expect(await readProcFile(pid, 'status')).toMatch(/^NSpid:\t\d+\t1$/m);
      const threads = await window.stop();
      expect(threads.map(({ thread }) => thread)).toEqual(['main']);
      expect(threads[0]?.pid).toBeUndefined();
      expect(shareOf(threads[0]?.profile, 'burn')).toBeGreaterThan(0.5);
      const now = (await profiler.stackNow?.()) ?? [];
      const waiting = now.filter(({ thread }) => thread !== 'main');
      expect(waiting.map(({ thread }) => thread).toSorted((a, b) => a.localeCompare(b))).toEqual([
        'locked',
        'sleeper',
      ]);
      for (const { state, system } of waiting)
        expect([state, system?.state]).toEqual(['blocked', 'sleeping']);
    },
  );

  test('say what is missing, and how to get it', async () => {
    const denied = await pySpyError(process.pid, '/opt/py-spy', 'Permission Denied: Try running again');
    expect(denied).toMatchObject({ code: 'usage' });
    expect(denied.message).toMatch(/SYS_PTRACE.*sudo setcap cap_sys_ptrace\+ep \/opt\/py-spy.*cap_add/);
    const strange = await pySpyError(process.pid, 'py-spy', 'Error: Failed to find python version');
    expect(strange.message).toContain('pip install py-spy --upgrade');
    const path = process.env['PATH'];
    const home = process.env['HOME'];
    Object.assign(process.env, { PATH: '/nowhere', HOME: '/nowhere' });
    try {
      await expect(profilerOf(program.pid)).rejects.toThrow(/pip install py-spy/);
    } finally {
      Object.assign(process.env, { PATH: path, HOME: home });
    }
  });
});

/** The last of the next `count` lines. */
async function linesOf(program: SampledProgram, count: number): Promise<string> {
  let last = '';
  for (let lines = 0; lines < count; lines += 1) last = await program.line();
  return last;
}

test('raw stacks of py-spy are told apart by process and thread, whatever a command line holds', () => {
  const raw = [
    'process 7:"python a;b";process 8:"python "x";y";thread (8): MainThread;f (/a b/c (1).py:3) 2',
    'process 7:"python -c x\ny";thread (0x1F): pool-1;g (c.py:1);h (d.py:2) 3',
    'process 7:"python a;b";thread (7): MainThread;g (c.py:1) 1',
  ].join('\n');
  const place = { pid: 7, startMs: 0, endMs: 1000, intervalUs: 10_000 };
  const apart = readRaw(raw, { ...place, apart: true });
  expect(apart.map(({ pid, thread }) => [pid, thread])).toEqual([
    [7, 'MainThread'],
    [7, 'pool-1'],
    [8, 'MainThread'],
  ]);
  expect(apart[2]?.profile.frames[1]).toEqual({ name: 'f', file: '/a b/c (1).py', line: 3, column: 0 });
  const [together] = readRaw(raw, { ...place, apart: false });
  expect(together?.profile.nodes.map(({ self }) => self)).toEqual([0, 10_000, 30_000]);
});
