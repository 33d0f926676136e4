import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreamFixture, type UpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { gaugeway } from '../support/command-line.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('gaugeway session refuses in one line', () => {
  let fixture: UpstreamFixture;
  beforeAll(async () => {
    fixture = await startUpstreamFixture({ host: '127.0.0.1', port: 0 });
  });
  afterAll(() => fixture.close());

  const cases: [string, string[], number, RegExp][] = [
    ['a target that is no URL', ['--target', 'nowhere'], 2, /not an http or https URL: 'nowhere'/],
    ['a target elsewhere', ['--target', 'http://192.0.2.1:4444'], 2, /--allow-remote/],
    ['a target that does not answer', ['--target', 'http://127.0.0.1:1'], 3, /127\.0\.0\.1:1/],
    ['a number that is none', ['--users', 'many'], 2, /not a whole number: 'many'/],
    ['no users at all', ['--target', 'http://127.0.0.1:1', '--users', '0'], 2, /users/],
    ['no users at all, before a stack is started', ['--users', '0'], 2, /^gaugeway: load plan: users/],
    ['a time that no timer can wait', ['--duration', '600h'], 2, /'600h' is too long/],
    ['a time that is none', ['--duration', '5 parsecs'], 2, /not a duration/],
    ['a PID that is none', ['--pid', 'init'], 2, /--pid takes PID or ROLE=PID/],
    ['a role that is none', ['--pid', 'boss=1'], 2, /--pid takes PID or ROLE=PID/],
    ['a PID without its stack', ['--pid', '1'], 2, /--target, or the file behind --stack, which are missing/],
    ['an unknown scenario', ['--scenario', 'chaos'], 2, /no scenario 'chaos': there are mcp-mixed, /],
    ['an unknown option', ['--user', '5'], 2, /--users/],
  ];

  test.each(cases)('%s', async (name, args, expectedCode, message) => {
    const run = await emptyFolder(folder.path, `refused-${name.replaceAll(' ', '-')}`);
    const { code, stderr, stdout } = await gaugeway(['session', '--out', run, ...args]);
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a PostgreSQL that does not answer', async () => {
    const run = await emptyFolder(folder.path, 'no-database');
    const args = ['--target', fixture.url, '--pg', 'postgres://u:hidden@127.0.0.1:1/x'];
    const { code, stderr } = await gaugeway(['session', '--out', run, ...args]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/postgres .*ECONNREFUSED/);
    expect(stderr).not.toContain('hidden');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a folder that already holds a run', async () => {
    const run = await emptyFolder(folder.path, 'occupied');
    await writeFile(join(run, 'series.ndjson'), '');
    const { code, stderr } = await gaugeway(['session', '--target', fixture.url, '--out', run]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/already holds a run/);
  });

  test('a folder without a run to diagnose', async () => {
    const { code, stderr } = await gaugeway(['diagnose', folder.path]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/not a run bundle/);
  });
});
