import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireAttachable, signalToOpen } from '../../src/lab/profilers/node/attachable.ts';
import { NodeTarget } from '../../src/lab/profilers/node/node-target.ts';
import { readMainThreadState } from '../../src/lab/profilers/node/thread-states.ts';
import { openProfiler } from '../../src/lab/profilers/open-profiler.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { readProcLink } from '../../src/shared/proc-files.ts';
import { startNode } from '../support/node-program.ts';
import { findProgram, title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const logger = createLogger('silent');
const signal = new AbortController().signal;
const linux = process.platform === 'linux' ? { path: '/proc' } : { missing: 'needs /proc of Linux' };
const isRoot = process.getuid?.() === 0;
const setpriv = isRoot ? findProgram('setpriv') : { path: 'not needed' };

const attach = (pid: number): Promise<NodeTarget> => NodeTarget.attach(pid, { logger, signal });

describe.skipIf(linux.missing)(title('a process whose main thread is blocked', linux), () => {
  test('in a read that never ends is not signalled, and the call is named', async () => {
    await using folder = await temporaryFolder();
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await using program = await startNode(`
      answers.block = () => { setTimeout(() => require('node:fs').readFileSync(${JSON.stringify(pipe)}), 20); };`);
    const before = await program.footprint();
    await program.ask('block');
    const systemCall = async (): Promise<unknown> => (await readMainThreadState(program.pid)).systemCall;
    await expect.poll(systemCall, { timeout: 20_000 }).toBe('openat');
    await expect(attach(program.pid)).rejects.toThrow(
      /main thread is blocked in openat .*it was not signalled/,
    );
    await writeFile(pipe, 'x');
    expect(await program.footprint()).toEqual(before);
  });

  test('by a child process opens no inspector that stays, when it comes back', async () => {
    await using program = await startNode(`
      answers.block = () => { setTimeout(() => { try { require('node:child_process').execSync('exec sleep 600') } catch {} }, 20); };`);
    const before = await program.footprint();
    await program.ask('block');
    await expect.poll(() => childrenOf(program.child), { timeout: 20_000 }).not.toBe('');
    await expect(attach(program.pid)).rejects.toThrow(/does not answer: .*with .* \(pid \d+\) as its child/);
    // Who tries again is told the same; it is not signalled, nor waited for, twice.
    await expect(attach(program.pid)).rejects.toThrow(
      /does not answer: .*as its child.*signalled before, and not again/,
    );
    expect(waitingFor(program.pid)).toHaveLength(1);
    // It opens the inspector that it was asked for when it comes back; then that is closed.
    process.kill(Number(childrenOf(program.child)));
    await expect.poll(() => program.footprint(), { timeout: 20_000 }).toEqual(before);
    await expect(attach(program.pid).then((target) => target.close())).resolves.toBeUndefined();
    expect(await program.footprint()).toEqual(before);
  });

  test('while it is watched says what it is blocked in, and is left as it was', async () => {
    await using program = await startNode(`
      answers.block = () => { setTimeout(() => { try { require('node:child_process').execSync('exec sleep 600') } catch {} }, 20); };`);
    const before = await program.footprint();
    const target = await attach(program.pid);
    await program.ask('block');
    await expect.poll(() => childrenOf(program.child), { timeout: 20_000 }).not.toBe('');
    const [main] = await target.stackNow();
    expect(main).toMatchObject({ thread: 'main', state: 'blocked', stack: [] });
    expect(main?.says).toMatch(/with .* \(pid \d+\) as its child/);
    await target.close();
    process.kill(Number(childrenOf(program.child)));
    await expect.poll(() => program.footprint(), { timeout: 20_000 }).toEqual(before);
  });
});

describe.skipIf(linux.missing)(title('what is attached to, and what is not', linux), () => {
  test('a handler of the program itself runs once, and is not called again', async () => {
    await using program = await startNode(`
      let calls = 0;
      process.on('SIGUSR1', () => { calls += 1; });
      answers.calls = () => calls;`);
    const before = await program.footprint();
    await expect(attach(program.pid)).rejects.toThrow(
      'it handles the signal itself (its handler has run once)',
    );
    expect(await program.ask('calls')).toBe(1);
    expect(await program.footprint()).toEqual(before);
  });

  test.each([[[]], [['--inspect-port=0']]])(
    'a Node that is too old keeps no open inspector: %j',
    async (flags) => {
      await using program = await startNode('delete process.getBuiltinModule;', { flags });
      const before = await program.footprint();
      await expect(attach(program.pid)).rejects.toThrow(
        /process \d+ cannot be .*: Node 20\.16 or newer is needed, this is v/,
      );
      expect(await program.footprint()).toEqual(before);
    },
  );

  test('a process that becomes another program before the signal is not sent it, and lives', async () => {
    await using program = await startNode(`
      answers.become = () => { setImmediate(() => process.execve('/bin/sleep', ['sleep', '60'])); };`);
    const found = await requireAttachable(program.pid);
    await program.ask('become');
    await expect.poll(() => readProcLink(program.pid, 'exe'), { timeout: 20_000 }).not.toBe(found.executable);
    expect(() => signalToOpen(found)).toThrow('became another program; it was not signalled');
    const ended = once(program.child, 'exit');
    program.child.kill('SIGTERM');
    // Nothing else had ended it.
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(() => signalToOpen(found)).toThrow('has ended');
  });

  test.each([
    ['bash', ['-c', 'while :; do sleep 0.2; done']],
    ['python3', ['-c', 'import time; time.sleep(60)']],
  ])('%s is refused unsignalled, and lives', async (command, words) => {
    const child = spawn(command, words, { stdio: 'ignore' });
    await once(child, 'spawn');
    await expect(attach(child.pid ?? 0)).rejects.toThrow(/is not Node .*it was not signalled/);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    // Nothing else had ended it.
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  test.skipIf(setpriv.missing)(
    title('a process of another user is refused unsignalled', setpriv),
    async () => {
      await using program = await startNode('');
      const pid = isRoot ? program.pid : 1;
      const script = `
      import { requireAttachable } from ${JSON.stringify(new URL('../../src/lab/profilers/node/attachable.ts', import.meta.url).href)};
      await requireAttachable(${pid}).catch((error) => console.log(error.message));`;
      // It keeps the right to read files, as the checkout may be one that only its owner can read.
      const asNobody = [
        '--reuid=65534',
        '--clear-groups',
        '--inh-caps=+dac_read_search',
        '--ambient-caps=+dac_read_search',
      ];
      const node = [process.execPath, '--input-type=module', '-e', script];
      const [command = '', ...words] = isRoot ? ['setpriv', ...asNobody, ...node] : node;
      expect(execFileSync(command, words, { encoding: 'utf8' })).toMatch(
        `process ${pid} belongs to user id 0, and this is user id ${isRoot ? 65_534 : process.getuid?.()}; it was not signalled`,
      );
      expect(program.alive).toBe(true);
    },
  );

  test('the profiler of a process is chosen by what runs in it', async () => {
    await using program = await startNode('');
    const profiler = await openProfiler(program.pid, { logger, signal, rateHz: 100 });
    expect(profiler.profiler).toBe('v8');
    await profiler.close();
  });
});

function childrenOf({ pid = 0 }: ChildProcess): string {
  return execFileSync('cat', [`/proc/${pid}/task/${pid}/children`], { encoding: 'utf8' }).trim();
}

/** Command lines of processes that wait for the inspector of a process, to close it. */
function waitingFor(pid: number): string[] {
  return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`late-inspector.ts ${pid} `));
}
