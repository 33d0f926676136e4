import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gaugeway } from '../support/command-line.ts';
import { dockerRequirement, startDocker } from '../support/docker.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type RunDocument, runDocumentSchema } from '../../src/lab/run-document.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';

const lightLoad = [
  '--users',
  '2',
  '--spawn-rate',
  '2',
  '--baseline',
  '1s',
  '--cool-down',
  '1s',
  '--duration',
  '3s',
];

describe('gaugeway session with containers', { timeout: 60_000 }, () => {
  test('does not begin without their engine, and says in one line where to look', async () => {
    await using folder = await temporaryFolder();
    await using target = await CountingMcpServer.start({ health: 200 });
    const { code, stderr } = await session(target.url, folder.path, '/nowhere.sock', ['web']);
    expect(stderr.trim().split('\n').at(-1)).toMatch(
      /container \(web\): \/nowhere\.sock: no container engine answers there .*; gaugeway doctor says what is missing$/,
    );
    expect(code).toBe(3);
  });

  test.skipIf(dockerRequirement.missing)(
    title('goes on without one that is stopped when another is there', dockerRequirement),
    async () => {
      await using folder = await temporaryFolder();
      await using target = await CountingMcpServer.start({ health: 200 });
      await using engine = await startDocker();
      await engine.run('web', ['sleep', '600']);
      await engine.run('stopped', ['sleep', '0']);
      await engine.docker('wait', 'stopped');
      const { code, stdout } = await session(target.url, folder.path, engine.socket, [
        'web',
        'stopped',
        'gone',
      ]);
      const document: RunDocument = runDocumentSchema.parse(JSON.parse(stdout));
      const told = document.collectors.filter(({ name }) => name === 'container');
      expect(told.find((each) => each.target === 'web')).toMatchObject({ ok: true });
      expect(told.find((each) => each.target === 'stopped')).toMatchObject({
        ok: false,
        error: 'container stopped does not run',
      });
      expect(told.find((each) => each.target === 'gone')).toMatchObject({
        ok: false,
        error: expect.stringContaining('no container gone; running: web'),
      });
      expect(code).toBe(0);
    },
  );
});

function session(
  url: string,
  folder: string,
  socket: string,
  containers: readonly string[],
): ReturnType<typeof gaugeway> {
  return gaugeway([
    'session',
    '--target',
    url,
    ...lightLoad,
    '--container-socket',
    socket,
    ...containers.flatMap((name) => ['--container', `gateway=${name}`]),
    '--out',
    join(folder, 'run'),
    '--json',
  ]);
}
