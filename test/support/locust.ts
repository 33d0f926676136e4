import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-server.ts';
import { findProgram, findProgramIn } from './requires.ts';
import type { Requirement } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The Locust on PATH, which at Debian is 2.12, and the newer one that `.ci/run` installs: their answers differ. */
export const locusts: readonly { version: string; program: Requirement }[] = [
  { version: 'on PATH', program: findProgram('locust') },
  {
    version: '2.46',
    program: findProgramIn([join(homedir(), '.cache/gaugeway-ci/bin')], 'locust-2.46'),
  },
];

/** A real Locust with its web page on a port of its own, and its file of history switched on. */
export interface RunningLocust extends AsyncDisposable {
  readonly url: string;
}

/** `users` is a locustfile; `program` where Locust was found. Resolves when the page answers. */
export async function startLocust(program: string, users: string, host: string): Promise<RunningLocust> {
  const folder = await temporaryFolder();
  const port = await freePort();
  await writeFile(join(folder.path, 'locustfile.py'), users);
  const options = `--locustfile locustfile.py --class-picker --csv run --csv-full-history --host ${host}`;
  const page = `--web-host 127.0.0.1 --web-port ${port}`;
  const url = `http://127.0.0.1:${port}`;
  const end = await startGuarded({
    name: 'Locust',
    command: program,
    args: [...options.split(' '), ...page.split(' ')],
    cwd: folder.path,
    ready: `${url}/exceptions`,
    startLimitMs: 40_000,
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      await end();
      await folder[Symbol.asyncDispose]();
    },
  };
}
