import { appendFile, mkdir, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LogCollector } from '../../src/lab/collect/log.ts';
import type { LogDocument, LogSample } from '../../src/lab/timeline/samples/log-sample.ts';
import { sleep } from '../../src/shared/clock.ts';
import type { LogOrigin } from '../../src/shared/stack-description.ts';
import { type DockerEngine, dockerRequirement, startDocker } from '../support/docker.ts';
import { startJournal, journalRequirement, type Journal } from '../support/journal.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { RecordingSink } from './recording-sink.ts';

const never = new AbortController().signal;

/** Follows a log while `write` writes to it, until a sample has shown `wanted` errors and warnings in all. */
async function follow(
  from: LogOrigin,
  socket: string | undefined,
  write: () => Promise<unknown>,
  wanted: number,
): Promise<{ samples: LogSample[]; document: LogDocument | undefined; sink: RecordingSink }> {
  const collector = new LogCollector({ role: 'gateway', name: 'gateway', from }, socket);
  const sink = new RecordingSink();
  await collector.open(never);
  try {
    await write();
    const told = (): number =>
      sink.samples.log.reduce((sum, { byLevel }) => sum + (byLevel.error ?? 0) + (byLevel.warn ?? 0), 0);
    while (told() < wanted) {
      await sleep(20);
      await collector.sample(sink);
    }
    await collector.finish(sink);
  } finally {
    await collector.close();
  }
  return { samples: sink.samples.log, document: sink.logs[0], sink };
}

/** Paths of what this process holds open. */
async function openFiles(): Promise<string[]> {
  const numbers = await readdir('/proc/self/fd');
  // The one that the listing itself needed is gone.
  const links = await Promise.allSettled(numbers.map((number) => readlink(`/proc/self/fd/${number}`)));
  return links.flatMap((link) => (link.status === 'fulfilled' ? [link.value] : []));
}

describe('a log that is followed in a run', () => {
  test('a file: what is written from now on, by level and kind, without secrets', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'app.log');
    await writeFile(file, 'ERROR: long ago\n');
    const lines = [
      'ERROR: tool 1 failed token=hunter2',
      'Traceback (most recent call last):',
      '  File "/a.py", line 1, in f',
      'ValueError: password=hunter2',
      'ERROR: tool 2 failed token=hunter2',
      'WARNING: slow',
      'INFO: fine',
    ];
    const write = (): Promise<void> => appendFile(file, `${lines.join('\n')}\n`);
    const { document, samples } = await follow({ file }, undefined, write, 3);
    expect(document).toMatchObject({
      log: `gateway (file ${file})`,
      entries: 4,
      dropped: 0,
      furtherKinds: 0,
    });
    expect(document?.kinds.map(({ template, errorType, count }) => [template, errorType, count])).toEqual([
      ['tool <n> failed token=***', 'ValueError', 1],
      ['tool <n> failed token=***', null, 1],
      ['slow', null, 1],
    ]);
    expect(JSON.stringify([document, samples])).not.toContain('hunter2');
  });

  test('a storm: as much is read as is cheap, the rest is counted', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'app.log');
    await writeFile(file, '');
    const write = (): Promise<void> => appendFile(file, 'ERROR: again\n'.repeat(50_000));
    const { document } = await follow({ file }, undefined, write, 5000);
    expect((document?.entries ?? 0) + (document?.dropped ?? 0)).toBe(50_000);
    expect(document?.dropped).toBeGreaterThan(0);
  });

  test.skipIf(process.platform !== 'linux')(
    'a file in whose place there is a folder at the end: what was read is kept, and the gap is told',
    async () => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, 'app.log');
      await writeFile(file, '');
      const collector = new LogCollector({ role: 'gateway', name: 'gateway', from: { file } }, undefined);
      const sink = new RecordingSink();
      await collector.open(never);
      try {
        await appendFile(file, 'ERROR: once\n');
        await expect
          .poll(async () => {
            await collector.sample(sink);
            return sink.samples.log.some(({ byLevel }) => byLevel.error === 1);
          })
          .toBe(true);
        await rm(file);
        await mkdir(file);
        await expect.poll(openFiles).toContain(file);
        await expect(collector.finish(sink)).rejects.toThrow(`${file} cannot be read: EISDIR`);
        expect(sink.logs).toMatchObject([{ entries: 1, kinds: [{ template: 'once', count: 1 }] }]);
      } finally {
        await collector.close();
      }
    },
  );

  test('a file that is not there is said so', async () => {
    const gone = new LogCollector(
      { role: 'gateway', name: 'gateway', from: { file: '/nowhere/a.log' } },
      undefined,
    );
    await expect(gone.open(never)).rejects.toThrow('/nowhere/a.log cannot be read');
    await gone.close();
  });
});

describe.skipIf(dockerRequirement.missing)(title('the log of a container', dockerRequirement), () => {
  let engine: DockerEngine;

  beforeAll(async () => {
    engine = await startDocker();
  }, 60_000);

  afterAll(async () => engine[Symbol.asyncDispose]());

  test.for([
    ['both outputs, in frames', []],
    ['a terminal, without frames', ['--tty']],
  ] as const)('%s', async ([, options]) => {
    const name = options.length === 0 ? 'plain' : 'terminal';
    const script =
      'echo "ERROR: before"; while [ ! -e /go ]; do sleep 0.05; done; echo "ERROR: out 1"; echo "WARNING: err" >&2; echo "INFO: x"; sleep 600';
    await engine.run(name, ['/bin/sh', '-c', script], options);
    const write = (): Promise<string> => engine.docker('exec', name, '/bin/sh', '-c', 'echo > /go');
    const { document } = await follow({ container: name }, engine.socket, write, 2);
    const kinds = document?.kinds.map(({ template, level }) => `${level} ${template}`) ?? [];
    expect(kinds.filter((kind) => !kind.includes('before')).toSorted()).toEqual([
      'error out <n>',
      'warn err',
    ]);
  });

  test('one that is not there is said so', async () => {
    const gone = new LogCollector({ role: 'gateway', name: 'g', from: { container: 'gone' } }, engine.socket);
    await expect(gone.open(never)).rejects.toThrow(/container gone .*no such container/i);
    await gone.close();
  });
});

describe.skipIf(journalRequirement.missing)(title('a unit in the journal', journalRequirement), () => {
  let journal: Journal;

  beforeAll(async () => {
    journal = await startJournal();
  });

  afterAll(async () => journal[Symbol.asyncDispose]());

  test('by its priorities and words, of this unit only', async () => {
    await journal.write('gateway.service', 'ERROR: before', 3);
    const write = async (): Promise<void> => {
      await journal.write('gateway.service', 'disk is slow', 4);
      await journal.write('other.service', 'not ours', 3);
      await journal.write('gateway.service', 'ERROR: tool 3 failed', 6);
    };
    const { document } = await follow({ unit: 'gateway.service' }, undefined, write, 2);
    expect(document?.kinds.map(({ template, level }) => `${level} ${template}`).toSorted()).toEqual([
      'error tool <n> failed',
      'warn disk is slow',
    ]);
  });
});
