import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { registerCpu } from '../../src/cli/cpu.ts';
import { ownListeningSockets } from '../../src/shared/listening-ports.ts';
import { readChildPids, readProcFile } from '../../src/shared/proc-files.ts';
import { commandOutput } from '../support/command-output.ts';
import { gaugeway } from '../support/command-line.ts';
import { putPySpyOnPath, pySpy } from '../support/py-spy.ts';
import { findProgram, title } from '../support/requires.ts';
import { startProgram } from '../support/sampled-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const python = findProgram('python3');
const missing = process.platform === 'linux' ? undefined : 'needs /proc of Linux';

/** Two known functions, one of which takes three times as long, and a socket that it listens on. */
const program = `
  function spin(ms) { const end = performance.now() + ms; let x = 0; while (performance.now() < end) x += Math.sqrt(x); return x; }
  function hotFunction() { return spin(60); }
  require('node:net').createServer().listen(0, '127.0.0.1', () => process.send?.('ready'));
  setInterval(hotFunction, 80);`;

/** One thread sleeps, the other waits for a lock that is never given back. */
const blockedProgram = `
import threading, time
def wait_for_lock():
    with lock: pass
def wait_for_time():
    print('waiting', flush=True)
    time.sleep(100)
lock = threading.Lock()
lock.acquire()
threading.Thread(target=wait_for_lock, name='locked', daemon=True).start()
wait_for_time()
`;

/** A second after its inspector was opened. */
const endsOnceAttachedTo = `
  const watching = setInterval(() => {
    if (require('node:inspector').url() === undefined) return;
    clearInterval(watching);
    setTimeout(() => process.exit(), 1500);
  }, 50);`;

/** One function reads a property of objects of twelve shapes, which V8 notes at the twelfth; one has integers only. */
const shapesProgram = `
  const shapes = Array.from({ length: 12 }, (_, at) => ({ ['k' + at]: 1, id: at }));
  function manyShapes(rounds) { let sum = 0; for (let round = 0; round < rounds; round += 1) sum += shapes[round % 12].id; return sum; }
  function healthy(rounds) { let sum = 0; for (let round = 0; round < rounds; round += 1) sum = (sum * 31 + round) | 0; return sum; }
  function work() { manyShapes(500_000); healthy(500_000); }
  // So that it does not take the others into its own code.
  %NeverOptimizeFunction(work);
  work();
  const log = process.execArgv.find((flag) => flag.startsWith('--logfile=')).slice('--logfile='.length);
  console.log(JSON.stringify({ logFolder: require('node:path').dirname(log) }));
  setInterval(work, 1);`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let busy: ChildProcess;

beforeAll(async () => {
  if (missing !== undefined) return;
  folder = await temporaryFolder();
  busy = await start(program);
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  busy?.kill('SIGKILL');
  await folder?.[Symbol.asyncDispose]();
});

describe.skipIf(missing)(`cpu top${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test('shows the functions of a process in a pipe, and leaves it as it was', async () => {
    const before = await ownListeningSockets(busy.pid ?? 0);
    const { code, stdout } = await gaugeway([
      'cpu',
      'top',
      '--pid',
      String(busy.pid),
      '--once',
      '--sort',
      'total',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/%Own +%Total +OwnTime +TotalTime +Function \(file:line\)/);
    expect(stdout).toMatch(/spin \(/);
    expect(stdout).toMatch(/CPU % +loop % +delay p99 +GC % +heap/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(await ownListeningSockets(busy.pid ?? 0)).toEqual(before);
  });

  test('prints a document for each refresh, and goes on when one of two processes ends', async () => {
    const other = await start(`${program}\n${endsOnceAttachedTo}`);
    const { code, stdout, stderr } = await gaugeway(
      wordsOf(`cpu top --pid ${busy.pid},${other.pid} --every 500ms --duration 6s --json`),
    );
    expect(code).toBe(0);
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.length).toBeGreaterThan(1);
    expect(documents.at(-1).processes.map(({ pid }: { pid: number }) => pid)).toEqual([busy.pid]);
    expect(documents.at(-1).functions.map((row: { function: string }) => row.function)).toContain('spin');
    expect(stderr).toContain(`process ${other.pid} has ended`);
  });
});

describe.skipIf(missing)(`cpu record${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test('writes several formats at once and says what is in them', async () => {
    const files = ['a.folded', 'a.svg', 'a.cpuprofile', 'a.pb.gz', 'a.speedscope.json'].map((name) =>
      join(folder.path, name),
    );
    const { code, stdout } = await gaugeway([
      ...wordsOf(`cpu record --pid ${busy.pid} --duration 1500ms`),
      ...files.flatMap((file) => ['-o', file]),
    ]);
    expect(code).toBe(0);
    for (const file of files) {
      expect((await stat(file)).size).toBeGreaterThan(100);
      expect(stdout).toContain(`Wrote ${file}`);
    }
    expect(await readFile(files[0] ?? '', 'utf8')).toMatch(/hotFunction.*;spin/);
    expect(stdout).toContain('whose code');
    expect(stdout).toContain('what the event loop waits for');
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/Profiling took .* of CPU beside the processes/);
    expect(Math.max(...linesWithoutFiles(stdout).map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('two at once share the inspector of a process, and leave it closed', async () => {
    const before = await ownListeningSockets(busy.pid ?? 0);
    const files = ['one.folded', 'other.folded'].map((name) => join(folder.path, name));
    const results = await Promise.all(
      files.map((file) => gaugeway([...wordsOf(`cpu record --pid ${busy.pid} --duration 1s -o`), file])),
    );
    for (const { code, stderr } of results) {
      expect(code).toBe(0);
      // Nothing that went wrong.
      expect(stderr).toMatch(/^(?:recording 1 process.*\n)*$/);
    }
    for (const file of files) expect(await readFile(file, 'utf8')).toMatch(/hotFunction.*;spin/);
    expect(await ownListeningSockets(busy.pid ?? 0)).toEqual(before);
  });

  test('is ended early by Ctrl-C and keeps what there is, as a document', async () => {
    const file = join(folder.path, 'early.folded');
    const { code, stdout } = await gaugeway(
      ['cpu', 'record', '--pid', String(busy.pid), '--duration', '60s', '-o', file, '--json'],
      { interruptWhen: /recording 1 process/ },
    );
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ command: 'cpu record', files: [file] });
    expect(document.durationMs).toBeLessThan(30_000);
    expect(document.processes).toMatchObject([{ pid: busy.pid, profiler: 'v8', threads: ['main'] }]);
  });

  test('profiles a command from its first line to its last, with the exit code that it has', async () => {
    const file = join(folder.path, 'started.folded');
    const script =
      "function firstLine() { const end = performance.now() + 200; while (performance.now() < end); }\nfirstLine(); console.log('out'); process.exitCode = 3;";
    const { code, stdout, stderr } = await gaugeway([
      ...wordsOf(`cpu record --rate 1000 -o ${file} -- sh -c`),
      'node -e "$0"',
      script,
    ]);
    expect(code).toBe(3);
    expect(stdout).toBe('out\n');
    expect(stderr).toContain(`Wrote ${file}`);
    expect(stderr).toMatch(/firstLine/);
    expect(await readFile(file, 'utf8')).toContain('firstLine');
  });

  test('passes Ctrl-C on to the command and writes its profile', async () => {
    const file = join(folder.path, 'stopped.folded');
    const script = `setInterval(() => { const end = performance.now() + 5; while (performance.now() < end); }, 10);
      process.on('SIGINT', () => process.exit(7)); setTimeout(() => console.error('running'), 500);`;
    const { code } = await gaugeway(['cpu', 'record', '-o', file, '--', 'node', '-e', script], {
      interruptWhen: /running/,
    });
    expect(code).toBe(7);
    expect((await stat(file)).size).toBeGreaterThan(0);
  });

  test('marks the function that reads objects of many shapes, of a Node that it has log that', async () => {
    const script = join(folder.path, 'shapes.cjs');
    await writeFile(script, shapesProgram);
    const { code, stdout, stderr } = await gaugeway([
      ...wordsOf('cpu record --deopts --warm-up 2s --duration 2s --json -o'),
      join(folder.path, 'shapes.html'),
      '--',
      'node',
      '--allow-natives-syntax',
      script,
    ]);
    expect(code).toBe(0);
    // The program's own output, and where V8 logs: gone by now.
    const { logFolder } = JSON.parse(stdout);
    await expect(stat(logFolder)).rejects.toThrow('ENOENT');
    const document = JSON.parse(stderr.slice(stderr.indexOf('{\n')));
    expect(document.processes[0].command).toBe(`node --allow-natives-syntax ${script}`);
    const marked: { frame: { name: string } }[] = document.reading.marked;
    expect(marked.find(({ frame }) => frame.name === 'manyShapes')).toMatchObject({
      marks: [{ kind: 'megamorphic', reason: expect.stringMatching(/^read of id at /) }],
    });
    expect(document.functions.map((row: { function: string }) => row.function)).toContain('healthy');
  });
});

describe.skipIf(missing)(`cpu dump${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test('shows the stack and what the event loop waits for', async () => {
    const { code, stdout } = await gaugeway(['cpu', 'dump', '--pid', String(busy.pid)]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Process ${busy.pid}: node`);
    expect(stdout).toMatch(/Thread main: (running|idle), busy for/);
    expect(stdout).toMatch(/listens on 127\.0\.0\.1:\d+/);
  });

  test('shows the others where some have ended, and says so', async () => {
    // It never asks how its children ended, which stay in the table of processes.
    const parent = spawn('sh', ['-c', 'true & true & exec sleep 60']);
    try {
      await once(parent, 'spawn');
      const ended = async (): Promise<number[]> => {
        const children = await readChildPids(parent.pid ?? 0);
        const states = await Promise.all(children.map((pid) => readProcFile(pid, 'status')));
        return children.filter((_, at) => /^State:\tZ/m.test(states[at] ?? ''));
      };
      await expect.poll(ended).toHaveLength(2);
      const [one, other] = await ended();
      const { code, stdout, stderr } = await gaugeway(
        wordsOf(`cpu dump --pid ${busy.pid},${parent.pid},${one} --subprocesses`),
      );
      expect([code, stderr]).toEqual([0, `process ${other} has ended\nprocess ${one} has ended\n`]);
      expect(stdout).toContain(`Process ${busy.pid}: node`);
      const alone = commandOutput(registerCpu, wordsOf(`cpu dump --pid ${one}`));
      await expect(alone).rejects.toThrow(`process ${one} has ended`);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  test('tells a process that does not answer as the kernel sees it', async () => {
    const blocked = spawn('sleep', ['60']);
    try {
      await once(blocked, 'spawn');
      const { code, stdout } = await gaugeway(['cpu', 'dump', '--pid', String(blocked.pid), '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).processes).toMatchObject([
        { pid: blocked.pid, runtime: 'native', threads: [{ thread: 'main', state: 'blocked' }] },
      ]);
    } finally {
      blocked.kill('SIGKILL');
    }
  });
});

describe.skipIf(pySpy.missing ?? python.missing)(title('cpu dump of Python', pySpy, python), () => {
  test('names the function that blocks each thread, and what it waits in', async () => {
    putPySpyOnPath();
    await using sleeper = await startProgram(python.path ?? '', ['-c', blockedProgram]);
    const { code, stdout } = await gaugeway(['cpu', 'dump', '--pid', String(sleeper.pid)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Thread main: blocked in clock_nanosleep.*\n +wait_for_time .*\n +<module> /);
    expect(stdout).toMatch(/Thread locked: blocked in futex.*\n +wait_for_lock /);
    expect(stdout).not.toContain('not seen');
  });
});

describe.skipIf(missing)(`wrong usage${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test.each([
    [['top', '--pid', '999999999'], 'there is no process 999999999'],
    [['dump', '--role', 'redis'], 'no process with the role redis was given: name it with --pid PID or'],
    [['dump'], 'name it with --pid PID or --container NAME, or use a stack file'],
    [['record'], 'name it with --pid PID, --container NAME or -- COMMAND, or use a stack file'],
    [['top', '--pid', 'one'], '--pid takes PID or ROLE=PID'],
    [['record', '--pid', '1', '-o', 'a.txtt'], 'a.txtt names no format of profiles'],
    [['record', '--pid', '1', '-o', '/nowhere/a.svg'], '/nowhere/a.svg cannot be written'],
    [['record', '--pid', '1', '--', 'true'], 'give either processes that run, or a command'],
    [['record', '-o', '/tmp/a.svg', '--', 'no-such-program'], 'no-such-program cannot be started'],
    [['record', '--deopts', '--', 'npm', 'start'], 'write -- node SCRIPT, not npm'],
    [['record', '--pid', '1', '--warm-up', '2s'], '--warm-up belongs to --deopts'],
    [['top', '--pid', '1', '--rate', '0'], '--rate takes 1 to 10000'],
  ])('%j', async (words, message) => {
    await expect(commandOutput(registerCpu, ['cpu', ...words])).rejects.toThrow(message);
  });
});

async function start(code: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  expect((await once(child, 'message'))[0]).toBe('ready');
  return child;
}

function wordsOf(text: string): string[] {
  return text.split(' ');
}

function linesWithoutFiles(text: string): string[] {
  return text.split('\n').filter((line) => !line.startsWith('Wrote '));
}
