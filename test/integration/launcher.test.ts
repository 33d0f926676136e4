import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findOlderNode } from './older-node.ts';
import { title } from '../support/requires.ts';

// Each test starts processes, and machines differ.
vi.setConfig({ testTimeout: 90_000 });

const launcher = join(import.meta.dirname, '../../bin/gaugeway');

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function run(node: string, args: string[], cwd = tmpdir()): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(node, args, { cwd }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
    });
  });
}

/** Runs on the older Node and on this one. */
function describeLauncher(name: string, node: string): void {
  describe(name, () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'gaugeway launcher '));
    });
    afterAll(() => rm(folder, { recursive: true }));

    test('runs from another folder and through a symbolic link', async () => {
      const link = join(folder, 'gaugeway');
      await symlink(launcher, link);
      const { code, stdout } = await run(node, [link, '--version'], folder);
      expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
      expect(code).toBe(0);
    });

    test('passes exit codes and arguments through', async () => {
      const { code, stderr } = await run(node, [launcher, 'token', '--exp', '']);
      expect(code).toBe(2);
      expect(stderr.split('\n')).toHaveLength(2);
    });

    test('passes SIGTERM on, and ends as the command ends', async () => {
      const child = spawn(node, [launcher, 'upstream-fixture', '--port', '0'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const line = await new Promise<string>((resolve) => {
        child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      });
      const exited = new Promise((resolve) => {
        child.once('exit', (code, signal) => resolve({ code, signal }));
      });
      child.kill('SIGTERM');
      expect(await exited).toEqual({ code: 0, signal: null });
      const { pid } = Object(JSON.parse(line));
      await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 20_000 });
    });

    test('runs the built package where there are no sources', async () => {
      const home = join(folder, 'published');
      await cp(join(launcher, '..'), join(home, 'bin'), { recursive: true });
      await mkdir(join(home, 'dist', 'server'), { recursive: true });
      await writeFile(join(home, 'package.json'), '{ "type": "module" }');
      await writeFile(
        join(home, 'dist', 'server', 'main.js'),
        'console.log("built", process.argv.slice(2));',
      );
      await mkdir(join(home, 'node_modules', 'node', 'bin'), { recursive: true });
      await writeFile(join(home, 'node_modules', 'node', 'package.json'), '{}');
      await symlink(process.execPath, join(home, 'node_modules', 'node', 'bin', 'node'));
      const { stdout } = await run(node, [join(home, 'bin', 'gaugeway'), 'a b']);
      expect(stdout).toBe("built [ 'a b' ]\n");
    });
  });
}

describeLauncher('the launcher on this Node', process.execPath);

const older = findOlderNode();
describe.skipIf(older.missing)(title('the launcher on an older Node', older), () => {
  const node = older.path ?? '';
  describeLauncher('with the pinned one installed', node);

  test.each([
    ['in a checkout', 'src/main.ts', 'npm ci'],
    ['in a package', 'dist/server/main.js', 'npm install node@26'],
  ])('says in one line what to do when there is none %s', async (_where, entry, remedy) => {
    const folder = await mkdtemp(join(tmpdir(), 'gaugeway-bare-'));
    await cp(join(launcher, '..'), join(folder, 'bin'), { recursive: true });
    await mkdir(dirname(join(folder, entry)), { recursive: true });
    await writeFile(join(folder, entry), '');
    const { code, stdout, stderr } = await run(node, [join(folder, 'bin', 'gaugeway'), 'serve']);
    await rm(folder, { recursive: true });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(remedy);
  });

  test('ends by the signal that ended the command', async () => {
    const child = spawn(node, [launcher, 'upstream-fixture', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const line = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    const exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    process.kill(Object(JSON.parse(line)).pid, 'SIGKILL');
    expect(await exited).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
