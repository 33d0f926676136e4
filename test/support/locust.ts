import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nowMs, sleep } from '../../src/shared/clock.ts';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A real Locust with its web page on a port of its own, and its file of history switched on. */
export interface RunningLocust extends AsyncDisposable {
  readonly url: string;
}

/** Python does not notice that its parent is gone: a shell does, which waits for the end of its own stdin. */
const guardScript = '"$@" & cat >/dev/null; kill -KILL $!; wait $!; exit 0';
const startLimitMs = 40_000;

/** `users` is a locustfile; `program` where Locust was found. Resolves when the page answers. */
export async function startLocust(program: string, users: string, host: string): Promise<RunningLocust> {
  const folder = await temporaryFolder();
  const port = await freePort();
  await writeFile(join(folder.path, 'locustfile.py'), users);
  const options = `--locustfile locustfile.py --class-picker --csv run --csv-full-history --host ${host}`;
  const page = `--web-host 127.0.0.1 --web-port ${port}`;
  const args = ['-c', guardScript, 'sh', program, ...options.split(' '), ...page.split(' ')];
  const child = spawn('/bin/sh', args, { cwd: folder.path, stdio: ['pipe', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const url = `http://127.0.0.1:${port}`;
  const dispose = async (): Promise<void> => {
    child.stdin.end();
    await closed;
    await folder[Symbol.asyncDispose]();
  };
  const giveUpMs = nowMs() + startLimitMs;
  while (!(await answers(url))) {
    if (nowMs() < giveUpMs) {
      await sleep(100);
      continue;
    }
    await dispose();
    throw new Error(`Locust does not answer: ${log}`);
  }
  return { url, [Symbol.asyncDispose]: dispose };
}

function answers(url: string): Promise<boolean> {
  return fetch(`${url}/exceptions`).then(
    ({ ok }) => ok,
    () => false,
  );
}
