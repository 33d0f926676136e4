import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accessLogFormat } from '../../src/lab/nginx/parse-access-line.ts';
import { freePort } from './free-port.ts';
import { expectOk, startLogged } from './logged-program.ts';
import { findProgram } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A real nginx before real servers, which ends with the test. */
export interface Nginx extends AsyncDisposable {
  readonly url: string;
  readonly statusUrl: string;
  readonly accessLog: string;
}

/** Debian: `nginx-light`. */
export const nginxRequirement = findProgram('nginx');

const startLimitMs = 10_000;

/**
 * Starts nginx before the servers at these ports of 127.0.0.1, in turn or by `weights`; `/local` is answered without
 * them. Its access log has the format that the guide names, or `format`, the definition of one by the name
 * gaugeway; with `logsStatus` the status page's own requests are in it.
 */
export async function startNginx(
  ports: readonly number[],
  {
    weights = [],
    format = accessLogFormat,
    logsStatus = false,
  }: { weights?: readonly number[]; format?: string; logsStatus?: boolean } = {},
): Promise<Nginx> {
  const folder = await temporaryFolder();
  const port = await freePort();
  const [configFile, accessLog] = [join(folder.path, 'nginx.conf'), join(folder.path, 'access.log')];
  const servers = ports.map((each, at) => `server 127.0.0.1:${each} weight=${weights[at] ?? 1};`);
  await writeFile(
    configFile,
    `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 256; }
http {
  ${format}
  access_log ${accessLog} gaugeway;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream gateway { ${servers.join(' ')} }
  server {
    listen 127.0.0.1:${port};
    location = /nginx_status { stub_status;${logsStatus ? '' : ' access_log off;'} }
    location = /local { return 204; }
    location / { proxy_pass http://gateway; }
  }
}
`,
  );
  const url = `http://127.0.0.1:${port}`;
  const end = await startLogged({
    name: 'nginx',
    command: nginxRequirement.path ?? 'nginx',
    args: ['-p', folder.path, '-e', 'error.log', '-c', configFile],
    cwd: folder.path,
    logFile: join(folder.path, 'output.log'),
    probe: () => expectOk(`${url}/nginx_status`),
    startLimitMs,
  });
  return {
    url,
    statusUrl: `${url}/nginx_status`,
    accessLog,
    async [Symbol.asyncDispose]() {
      await end();
      await folder[Symbol.asyncDispose]();
    },
  };
}
