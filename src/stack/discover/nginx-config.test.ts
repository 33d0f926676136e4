import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { nginxFacts, parseNginx, readNginxConfig } from './nginx-config.ts';

describe('a configuration of nginx', () => {
  test('tells its status page, its log with the format, and what is behind it', () => {
    const config = parseNginx(`
      http {
        log_format timed '$request "$status" {not a block}; ' # a comment; with {braces}
          'rt=$request_time urt="$upstream_response_time"';
        access_log off;
        upstream gateway { server 127.0.0.1:4444 weight=2; server 10.0.0.2:4444; }
        server {
          listen *:8080 default_server;
          access_log logs/access.log timed;
          location = /status { stub_status; allow 127.0.0.1; deny all; }
          location / { proxy_pass http://127.0.0.1:5555/; }
        }
      }`);
    expect(nginxFacts(config, '/etc/nginx')).toEqual({
      statusUrl: 'http://127.0.0.1:8080/status',
      accessLog: '/etc/nginx/logs/access.log',
      timesInLog: true,
      upstreams: ['127.0.0.1:4444', '10.0.0.2:4444', '127.0.0.1:5555'],
    });
  });

  test('may have neither, and a format without times', () => {
    expect(nginxFacts(parseNginx('http { access_log /var/log/a.log; }'), '/')).toEqual({
      accessLog: '/var/log/a.log',
      timesInLog: false,
      upstreams: [],
    });
    expect(nginxFacts(parseNginx('} ; { unfinished'), '/')).toEqual({ timesInLog: false, upstreams: [] });
  });

  test.each([
    ['listen 127.0.0.1:81; location = /s', 'http://127.0.0.1:81/s'],
    ['listen 192.0.2.1:81; listen [::1]:82; location /s', 'http://[::1]:82/s'],
    ['listen localhost; location /s', 'http://localhost/s'],
    ['location /a?b', 'http://127.0.0.1/a%3Fb'],
    ['listen 192.0.2.1:81; location /s', undefined],
    ['listen 81; location @192.0.2.1', undefined],
    ['listen 81; location ~ ^/s', undefined],
    ['listen unix:/run/n.sock; location /s', undefined],
  ])('with %s has its status page at %s', (text, url) => {
    const config = parseNginx(`http { server { ${text} { stub_status; } } }`);
    expect(nginxFacts(config, '/').statusUrl).toBe(url);
  });

  test('is read with its includes, also one that includes itself', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'sites'));
    const main = join(folder.path, 'nginx.conf');
    await writeFile(main, 'http { include sites/*; }');
    await writeFile(
      join(folder.path, 'sites/a'),
      'server { listen 81; location /s { stub_status; } include sites/a; }',
    );
    expect(nginxFacts(await readNginxConfig(main), '/').statusUrl).toBe('http://127.0.0.1:81/s');
    await expect(readNginxConfig(join(folder.path, 'none'))).rejects.toThrow('ENOENT');
  });
});
