import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { gaugeway } from '../support/command-line.ts';
import { findProgram, title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { CertificateAuthority } from '../support/tls-certificates.ts';

const openssl = findProgram('openssl');

describe.skipIf(openssl.missing)(title('a load on a target with a private certificate', openssl), () => {
  let folder: TemporaryFolder;
  let authority: CertificateAuthority;
  let target: CountingMcpServer;
  let load: (...options: string[]) => ReturnType<typeof gaugeway>;
  let close: () => Promise<unknown>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    authority = new CertificateAuthority(openssl.path ?? '', folder.path);
    target = await CountingMcpServer.start();
    const { key, cert } = authority.issue('IP:127.0.0.1');
    const port = Number(new URL(target.url).port);
    const front = createServer({ key, cert }, (socket) => {
      const back = createConnection(port, '127.0.0.1');
      for (const end of [socket, back]) end.on('error', () => end.destroy());
      socket.pipe(back).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(front, 'listening');
    const address = front.address();
    const origin = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    const plan = '--users 2 --spawn-rate 100 --think 0 --iterations 10 --scenario mcp-tools --json';
    load = (...options) => gaugeway(['load', '--target', origin, ...plan.split(' '), ...options]);
    close = () => new Promise((resolve) => front.close(resolve));
  });
  afterAll(async () => {
    await target[Symbol.asyncDispose]();
    await close();
    await folder[Symbol.asyncDispose]();
  });

  it('does not begin while nobody vouches for it', async () => {
    const { code, stderr } = await load();
    expect(code).toBe(3);
    expect(stderr).toContain('tls: certificate of an unknown authority (UNABLE_TO_VERIFY_LEAF_SIGNATURE)');
  });

  it('runs with the authority that --ca-file names', async () => {
    const { code, stdout, stderr } = await load('--ca-file', authority.caPath);
    expect({ code, failures: JSON.parse(stdout).failures }).toEqual({ code: 0, failures: 0 });
    expect(stderr).not.toContain('warning');
  });

  it('runs with --insecure, and says what that means', async () => {
    const { code, stdout, stderr } = await load('--insecure');
    expect({ code, failures: JSON.parse(stdout).failures }).toEqual({ code: 0, failures: 0 });
    expect(stderr).toContain('warning: --insecure: the certificate of the target is not checked');
  });

  it.each(['/nowhere/ca.pem', import.meta.filename])('takes no %s for a certificate', async (path) => {
    const { code, stderr } = await load('--ca-file', path);
    expect(code).toBe(2);
    expect(stderr).toContain(`--ca-file ${path}: no certificate can be read`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
