import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '../../src/shared/clock.ts';
import { freePort } from '../../test/support/free-port.ts';
import { findProgram } from '../../test/support/requires.ts';
import { startServer } from '../hop/child-server.ts';
import { versionOf } from './version-of.ts';

/** A target that costs as little as can be, in a process of its own, and counts what it was asked. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  /** Requests that it has answered so far, by its own count. */
  requests(): Promise<number>;
}

/** nginx where it is installed, else a server of node:http. */
export async function startTarget(): Promise<Target> {
  const { path } = findProgram('nginx');
  return path === undefined ? startNode() : startNginx(path);
}

/** As the user that runs the bench, with its own configuration in a folder of its own. */
async function startNginx(program: string): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'gaugeway-bench-'));
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  await writeFile(config, nginxConfig(folder, port));
  const child = spawn(program, ['-e', 'stderr', '-p', folder, '-c', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const requests = async (): Promise<number> => {
    const status = await (await fetch(`${url}/status`)).text();
    return Number(/^ \d+ \d+ (\d+)/m.exec(status)?.[1]);
  };
  const dispose = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 100; tries += 1) {
    if (await requests().catch(() => undefined)) {
      return {
        name: `nginx ${versionOf(program, '-v')} \`return 200\``,
        url,
        requests,
        [Symbol.asyncDispose]: dispose,
      };
    }
    await sleep(50);
  }
  await dispose();
  throw new Error('nginx does not answer');
}

/** One worker, as the generators have one core too; a connection is never closed for its age. */
function nginxConfig(folder: string, port: number): string {
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  return `
daemon off;
pid ${folder}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile 20000;
events { worker_connections 9000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  ${bodies.join('\n  ')}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { default_type text/plain; return 200 "ok\\n"; }
    location = /status { stub_status; }
  }
}
`;
}

async function startNode(): Promise<Target> {
  const server = await startServer([fileURLToPath(new URL('minimal-server.ts', import.meta.url))]);
  return {
    name: 'node:http',
    url: server.url,
    requests: async () => Number(await (await fetch(`${server.url}/status`)).text()),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
