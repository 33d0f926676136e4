import { dirname, resolve } from 'node:path';
import { request } from 'undici';
import { nginxStatusLocation } from '../../shared/minimal-access.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { outsideMessage } from '../../shared/outside-error.ts';
import type { FileEntry, Unreached } from './found.ts';
import type { LocalProcess } from './local-processes.ts';
import { socketsOf } from './local-processes.ts';
import { nginxFacts, type NginxFacts, readNginxConfig } from './nginx-config.ts';

/** An nginx of this machine: its master process and its configuration. */
export interface LocalNginx {
  pid: number;
  configFile: string;
  facts?: NginxFacts;
  unreadable?: string;
  ports: number[];
  visible: boolean;
}

/** `container` is the root folder of one. The master's title holds its command line: `nginx: master process /usr/sbin/nginx -c /etc/nginx/nginx.conf`. */
export async function localNginx(
  { pid, commandLine }: LocalProcess,
  container = '',
): Promise<LocalNginx | undefined> {
  const title = /^nginx: (\w+) process/.exec(commandLine)?.[1];
  if (title !== undefined && title !== 'master') return undefined;
  const prefix = /(?:^| )-p (\S+)/.exec(commandLine)?.[1] ?? '/etc/nginx';
  const told = /(?:^| )-c (\S+)/.exec(commandLine)?.[1] ?? '/etc/nginx/nginx.conf';
  const configFile = `${container}${resolve(prefix, told)}`;
  const sockets = await socketsOf(pid);
  const base = {
    pid,
    configFile,
    ports: [...new Set((sockets ?? []).map(({ port }) => port))],
    visible: sockets !== undefined,
  };
  try {
    const root = /(?:^| )-p /.test(commandLine) ? prefix : dirname(configFile);
    return { ...base, facts: nginxFacts(await readNginxConfig(configFile), root) };
  } catch (error) {
    if (!(error instanceof GaugewayError)) throw error;
    return { ...base, unreadable: error.message };
  }
}

/** What of it can be watched: its counters, and its access log. */
export async function accessNginx({ facts, configFile, unreadable }: LocalNginx): Promise<{
  status?: FileEntry;
  accessLog?: FileEntry;
  unreached: Unreached[];
}> {
  if (facts === undefined) {
    return {
      unreached: [{ what: `configuration of nginx, ${configFile}`, why: unreadable ?? 'not readable' }],
    };
  }
  const { statusUrl, accessLog, timesInLog } = facts;
  const fault = statusUrl === undefined ? undefined : await statusFault(statusUrl);
  return {
    ...(statusUrl === undefined
      ? {}
      : {
          status: {
            value: statusUrl,
            comments: [`stub_status of ${configFile}`],
            usable: fault === undefined,
          },
        }),
    ...(accessLog === undefined
      ? {}
      : {
          accessLog: {
            value: accessLog,
            comments: [
              `access_log of ${configFile}${timesInLog ? '' : '; its format has no times: see gaugeway doctor'}`,
            ],
            usable: true,
          },
        }),
    unreached: [
      ...(statusUrl === undefined
        ? [
            {
              what: 'counters of nginx',
              why: 'it has no stub_status',
              remedy: `${nginxStatusLocation} in ${configFile}`,
            },
          ]
        : []),
      ...(fault === undefined ? [] : [{ what: `counters of nginx, ${statusUrl}`, why: fault }]),
    ],
  };
}

async function statusFault(url: string): Promise<string | undefined> {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(1000) });
    const text = await body.text();
    return text.startsWith('Active connections') ? undefined : `it answers ${statusCode}`;
  } catch (error) {
    return outsideMessage(error);
  }
}
