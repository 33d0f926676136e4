import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { faultModule, profileStack } from './profile-stack.ts';

test(
  'a session names a log with an exception storm, and keeps its secrets',
  { timeout: 90_000 },
  async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'gateway.log');
    await writeFile(file, '');
    const { findings, bundle } = await profileStack(
      folder.path,
      'storm',
      { gateway: { imports: [faultModule('exception-storm')], env: { FAULT_LOG: file } } },
      async (stack) => ({ ...stack, logs: [{ role: 'gateway', name: 'gateway', from: { file } }] }),
    );
    expect(findings[0]).toMatchObject({
      ruleId: 'error-burst',
      verdict: 'fail',
      title: expect.stringMatching(/^gateway \(file .*\) logs \S+ TypeError a second$/),
    });
    const bundled = async (name: string): Promise<string> => readFile(join(bundle, name), 'utf8');
    expect(JSON.parse(await bundled('logs.json'))).toMatchObject({
      logs: [{ dropped: 0, kinds: [{ errorType: 'TypeError', level: 'error' }] }],
    });
    for (const name of ['logs.json', 'series.ndjson', 'run.json', 'report.html']) {
      expect(await bundled(name)).not.toContain('s3cr3t');
    }
  },
);
