import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gaugeway } from '../support/command-line.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('gaugeway capacity refuses in one line', () => {
  const cases: [string, string[], number, RegExp][] = [
    [
      'a start above the end',
      ['--start-users', '9', '--max-users', '3'],
      2,
      /--start-users 9 and --max-users 3/,
    ],
    ['no users at all', ['--start-users', '0'], 2, /--start-users 0/],
    ['more users than a generator has', ['--max-users', '1000000'], 2, /they go from 1 to/],
    ['a step that is too short to measure', ['--step', '1s'], 2, /--step is at least 3s/],
    ['a threshold that is none', ['--threshold', 'p95'], 2, /threshold 'p95'/],
    ['the open model', ['--rate', '100/s'], 2, /unknown option '--rate'/],
    ['a target elsewhere', ['--target', 'http://192.0.2.1:4444'], 2, /--allow-remote/],
    ['a target that does not answer', ['--target', 'http://127.0.0.1:1'], 3, /127\.0\.0\.1:1/],
    ['a PID without its stack', ['--pid', '1'], 2, /--target, or the file behind --stack, which are missing/],
  ];

  it.each(cases)('%s', async (name, args, expectedCode, message) => {
    const out = join(folder.path, `refused-${name.replaceAll(' ', '-')}`);
    const { code, stdout, stderr } = await gaugeway(['capacity', '--out', out, ...args]);
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
