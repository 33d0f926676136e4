import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram, title } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

const root = join(import.meta.dirname, '..', '..');

/** Runs one test file under the reporter, in a vitest of its own. */
async function runTests(source: string, requireAll: boolean): Promise<{ exitCode: number; output: string }> {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'sample.test.js'), source);
  const args = [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--globals',
    `--root=${folder.path}`,
    '--reporter=default',
    `--reporter=${join(import.meta.dirname, 'skip-reporter.ts')}`,
  ];
  const env = { ...process.env, GAUGEWAY_TEST_REQUIRE_ALL: requireAll ? '1' : '', NO_COLOR: '1' };
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env, cwd: folder.path }, (_error, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

const passing = `it('runs', () => { expect(1).toBe(1); });`;
const leftOut = `describe.skip(${JSON.stringify(title('the cache', findProgram('no-such-server', 'nor-this')))}, () => {
  it('first', () => {}); it('second', () => {}); });`;
const withNote = `it('draws', (context) => { context.skip('chromium is not installed'); });`;

describe('tests that are left out', () => {
  it('are named with their reason at the end of the run', async () => {
    const { exitCode, output } = await runTests(passing + leftOut + withNote, false);
    expect(output).toContain('the cache: no-such-server or nor-this is not installed (2 tests)');
    expect(output).toContain('draws: chromium is not installed');
    expect(exitCode).toBe(0);
  });

  it('fail the run where everything is required', async () => {
    const { exitCode, output } = await runTests(passing + leftOut, true);
    expect(output).toContain('GAUGEWAY_TEST_REQUIRE_ALL=1: a skipped test fails the run');
    expect(exitCode).toBe(1);
  });

  it('are pointed out when they give no reason', async () => {
    const { output } = await runTests(`${passing} it.skip('forgotten', () => {});`, false);
    expect(output).toContain('forgotten: NO REASON GIVEN');
  });

  it('are no skips when a hook that failed is the reason', async () => {
    const source = `describe('x', () => { beforeAll(() => { throw new Error('no server'); }); ${passing} });`;
    const { exitCode, output } = await runTests(source, false);
    expect(output).toContain('no server');
    expect(output).not.toContain('NO REASON GIVEN');
    expect(exitCode).toBe(1);
  });

  it('are not mentioned when there are none', async () => {
    const { exitCode, output } = await runTests(passing, true);
    expect(output).not.toContain('Skipped');
    expect(exitCode).toBe(0);
  });
});

describe('looking for a program', () => {
  it('finds the first that is there, and otherwise names all', () => {
    expect(findProgram('no-such-program', 'sh').path).toMatch(/\/sh$/);
    expect(findProgram('no-such-program').missing).toBe('no-such-program is not installed');
  });
});
