import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NodeTarget } from '../../src/lab/profilers/node/node-target.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { gaugeway } from '../support/command-line.ts';
import { startNode } from '../support/node-program.ts';
import { hottestFunction } from '../support/node-shares.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const linux = process.platform === 'linux' ? { path: '/proc' } : { missing: 'needs /proc of Linux' };

const program = `interface Work {
  busyMs: number;
}

/** The build leaves this out. */
export function countEverything({ busyMs }: Work): number {
  const haystack = new Float64Array(1e6);
  let rounds = 0;
  for (const start = performance.now(); performance.now() - start < busyMs; rounds += 1) haystack.indexOf(1);
  return rounds;
}
`;

describe.skipIf(linux.missing)(title('functions of a minified bundle', linux), () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let source: string;
  let bundle: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    source = join(folder.path, 'count-everything.ts');
    bundle = join(folder.path, 'dist/bundle.mjs');
    await writeFile(source, program);
    await build({
      root: folder.path,
      configFile: false,
      logLevel: 'silent',
      build: {
        lib: { entry: source, formats: ['es'], fileName: () => 'bundle.mjs' },
        minify: 'oxc',
        sourcemap: true,
      },
    });
  });

  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]();
  });

  test('are named by the TypeScript that they were written in', async () => {
    await using running = await startNode(
      `const { countEverything } = require(${JSON.stringify(bundle)});
      answers.work = () => countEverything({ busyMs: 300 });`,
      // Others may profile on the usual port at the same time.
      { flags: ['--inspect-port=0'] },
    );
    const signal = new AbortController().signal;
    const target = await NodeTarget.attach(running.pid, { logger: createLogger('silent'), signal });
    const window = await target.start();
    await running.ask('work');
    const [main] = await window.stop();
    await target.close();
    expect(main && hottestFunction(main.profile)).toBe('countEverything');
    expect(main?.profile.frames).toContainEqual(
      expect.objectContaining({ name: 'countEverything', file: source, line: 6 }),
    );
  });

  test('are named so in a program that is started to be profiled, which ends by itself', async () => {
    const script = join(folder.path, 'program.mjs');
    await writeFile(
      script,
      `import { countEverything } from './dist/bundle.mjs';
      const text = JSON.stringify(Array.from({ length: 1000 }, (_, at) => ({ at })));
      function readMuch() {
        for (const start = performance.now(); performance.now() - start < 200; )
          JSON.parse(text);
      }
      countEverything({ busyMs: 300 });
      readMuch();`,
    );
    const file = join(folder.path, 'started.folded');
    const { code } = await gaugeway(['cpu', 'record', '--rate', '1000', '-o', file, '--', 'node', script]);
    expect(code).toBe(0);
    const stacks = await readFile(file, 'utf8');
    expect(stacks).toMatch(/countEverything \(\S*count-everything\.ts:6\)/);
    expect(stacks).toMatch(/readMuch \(\S*program\.mjs:3\);JSON\.parse /);
  });
});
