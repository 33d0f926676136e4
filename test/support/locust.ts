import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

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
    readyUrl: `${url}/exceptions`,
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
