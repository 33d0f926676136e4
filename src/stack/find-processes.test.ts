import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { findProcesses } from './find-processes.ts';

const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});

/** Runs a script of Node, which ends with its stdin, and gives its first line. */
async function run(script: string): Promise<{ pid: number; line: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', `process.stdin.resume();${script}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.push(child);
  const [line] = await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, line: String(line).trim() };
}

const missing: string[] = [];
const find = (selectors: Parameters<typeof findProcesses>[0]) => {
  missing.length = 0;
  return findProcesses(selectors, (index, message) => missing.push(`${index}: ${message}`));
};

/** A server whose two workers listen on the socket of their parent, as those of gunicorn do. */
const workers = `
  import { createServer } from 'node:net';
  import { spawn } from 'node:child_process';
  const server = createServer().listen(0, '127.0.0.1', () => {
    const fd = server._handle.fd;
    const script = 'process.stdin.resume();process.stdin.on("end",()=>process.exit());console.log("up")';
    const kids = [1, 2].map(() =>
      spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit', fd] }));
    let up = 0;
    for (const kid of kids) kid.stdout.on('data', () => {
      if (++up === 2) console.log([server.address().port, process.pid, ...kids.map(({ pid }) => pid)].join(' '));
    });
  });`;

describe('processes of a stack', () => {
  test('are those that listen on a port: a parent and the workers that share its socket', async () => {
    const { line } = await run(workers);
    const [port, ...pids] = line.split(' ').map(Number);
    const found = await find([{ role: 'gateway', port }]);
    expect(found.map(({ pid }) => pid)).toEqual(pids.toSorted((a, b) => a - b));
    expect(found.map(({ name }) => name)).toEqual(['gateway-1', 'gateway-2', 'gateway-3']);
  });

  test('are found by a pid file, an id, and their command line', async () => {
    await using folder = await temporaryFolder();
    const { pid } = await run('console.log("ready"); const mark = "a-mark-in-the-command-line"');
    const pidFile = join(folder.path, 'server.pid');
    await writeFile(pidFile, `${pid}\nmore lines, as PostgreSQL writes them\n`);
    const found = await find([
      { role: 'redis', name: 'cache', pidFile },
      { role: 'upstream', pid },
      { role: 'gateway', match: 'a-mark-in-.*line' },
    ]);
    expect(found).toEqual([
      { role: 'redis', name: 'cache', pid },
      { role: 'upstream', name: 'upstream', pid },
      { role: 'gateway', name: 'gateway', pid },
    ]);
    expect(missing).toEqual([]);
  });

  test('that are gone are told one by one, the others are found', async () => {
    await using folder = await temporaryFolder();
    const { pid } = await run('console.log("ready")');
    const pidFile = join(folder.path, 'stale.pid');
    // Above the highest id that Linux gives.
    await writeFile(pidFile, '4194305\n');
    const found = await find([
      { role: 'redis', pidFile },
      { role: 'gateway', pid },
      { role: 'postgres', port: 1 },
    ]);
    expect(found).toEqual([{ role: 'gateway', name: 'gateway', pid }]);
    expect(missing).toEqual([
      `0: no process that can be watched is named by ${pidFile} (redis)`,
      '2: no process that can be watched listens on port 1 (postgres)',
    ]);
  });

  test('cannot be named by what is no pid file and no regular expression', async () => {
    expect(
      await find([
        { role: 'redis', pidFile: '/nowhere/redis.pid' },
        { role: 'redis', match: '(' },
      ]),
    ).toEqual([]);
    expect(missing).toEqual([
      expect.stringContaining('0: /nowhere/redis.pid: ENOENT'),
      expect.stringContaining('1: Invalid regular expression'),
    ]);
  });
});
