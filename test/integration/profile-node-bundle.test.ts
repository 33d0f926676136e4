import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { expect, test } from 'vitest';
import { NodeTarget } from '../../src/lab/profilers/node/node-target.ts';
import { createLogger } from '../../src/shared/logger.ts';
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

test.skipIf(linux.missing)(
  title('functions of a minified bundle are named by the TypeScript that they were written in', linux),
  async () => {
    await using folder = await temporaryFolder();
    const source = join(folder.path, 'count-everything.ts');
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
    const bundle = JSON.stringify(join(folder.path, 'dist/bundle.mjs'));
    await using running = await startNode(
      `const { countEverything } = require(${bundle});
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
  },
);
