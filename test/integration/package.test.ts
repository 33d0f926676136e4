import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { frameKind } from '../../src/lab/profile/frame-kind.ts';
import { runDocumentSchema } from '../../src/lab/run-document.ts';
import { readBundle } from '../../src/lab/timeline/read-bundle.ts';
import { spawnReady } from '../../src/shared/spawn-ready.ts';
import { startUpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { type InstalledPackage, installPackage } from '../support/installed-package.ts';
import { findProgram, title } from '../support/requires.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';
import { findOlderNode } from './older-node.ts';
import { toolCall } from './running-gateway.ts';

// Each test starts processes, and machines differ.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 180_000 });

const npm = findProgram('npm');
const olderNode = findOlderNode();
const sources = join(import.meta.dirname, '..', '..', 'src');

describe.skipIf(npm.missing)(title('the published package', npm), () => {
  let folder: TemporaryFolder;
  let installed: InstalledPackage;
  beforeAll(async () => {
    folder = await temporaryFolder();
    installed = await installPackage(npm.path ?? '', folder.path);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  function gaugeway(args: string[], node = process.execPath): Promise<Outcome> {
    const environment = { ...process.env };
    for (const name of ['DATABASE_URL', 'GAUGEWAY_DATA', 'NODE_OPTIONS']) delete environment[name];
    return new Promise((resolve) => {
      const options = { cwd: installed.project, env: environment };
      const child = execFile(node, [installed.command, ...args], options, (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      });
    });
  }

  test('holds what was built and what is read at run time, and neither sources nor tests', () => {
    const { files } = installed;
    const documents = globSync('lab/diagnose/rules/*/*.md', { cwd: sources });
    expect(documents.length).toBeGreaterThan(0);
    expect(files).toEqual(
      expect.arrayContaining([
        'bin/gaugeway',
        'bin/package.json',
        'dist/server/main.js',
        'dist/console/report.html',
        'dist/console/load.html',
        ...documents.map((document) => `dist/server/${document}`),
      ]),
    );
    expect(files.filter((file) => /\.tsx?$|\.test\.|^(src|test|scripts|bench)\//.test(file))).toEqual([]);
  });

  test.each([[['--help']], [['session', '--help']]])('says how it is used: %s', async (args) => {
    const { code, stdout, stderr } = await gaugeway(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Usage: gaugeway');
  });

  test('explains a rule', async () => {
    const document = await readFile(
      join(sources, 'lab/diagnose/rules/postgres/idle-in-transaction.md'),
      'utf8',
    );
    expect(await gaugeway(['rules', 'idle-in-transaction'])).toEqual({
      code: 0,
      stdout: document,
      stderr: '',
    });
  });

  test('relays a call to a server that it was told of', async () => {
    const upstream = await startUpstreamFixture({ port: 0 });
    try {
      const options = ['--storage', 'memory', '--port', '0', '--register', `demo=${upstream.url}`];
      await using gateway = await spawnReady({
        name: 'gateway',
        command: process.execPath,
        args: [installed.command, 'serve', ...options, '--exit-with-parent'],
        env: { DATABASE_URL: undefined, JWT_SECRET_KEY: undefined, NODE_OPTIONS: undefined },
        cwd: installed.project,
      });
      await vi.waitFor(async () => expect((await fetch(new URL('/ready', gateway.url))).status).toBe(200), {
        timeout: 20_000,
        interval: 50,
      });
      const answer = await fetch(new URL('/mcp', gateway.url), toolCall('demo-echo', { message: 'hello' }));
      expect(await answer.json()).toMatchObject({ result: { content: [{ text: 'hello' }] } });
    } finally {
      await upstream.close();
    }
  });

  test('profiles a stack of its own, and recognises its own code', async () => {
    const times = ['--duration', '3s', '--baseline', '1s', '--cool-down', '1s'];
    const run = await emptyFolder(installed.project, 'run');
    const { code, stdout } = await gaugeway(['session', '--users', '3', ...times, '--out', run, '--json']);
    expect(code).toBe(0);
    const document = runDocumentSchema.parse(JSON.parse(stdout));
    expect(document.load.requests).toBeGreaterThan(0);
    expect(document.load.failures).toBe(0);
    expect(document.collectors.filter(({ ok }) => !ok)).toEqual([]);
    expect((await stat(join(run, 'report.html'))).size).toBeGreaterThan(0);
    const { profiles } = await readBundle(run);
    if (profiles.status !== 'ok') throw new Error('no CPU profile');
    const frames = profiles.value.flatMap(({ profile }) => profile.frames);
    // Named by the sources that it was compiled from, as its source maps tell.
    const ours = frames.filter(({ file }) => file.includes('/node_modules/gaugeway/src/'));
    expect(ours.length).toBeGreaterThan(0);
    expect(new Set(ours.map(frameKind))).toEqual(new Set(['own']));
  });

  describe.skipIf(olderNode.missing)(title('on an older Node', olderNode), () => {
    test('says in one line what to do', async () => {
      const { code, stdout, stderr } = await gaugeway(['serve'], olderNode.path);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^gaugeway: needs Node 22\.18 or newer, [^\n]*npm install node@26[^\n]*\n$/);
    });
  });
});

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}
