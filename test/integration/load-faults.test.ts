import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HttpTarget } from '../../src/lab/load/http-target.ts';
import type { HttpOutcome } from '../../src/lab/load/http-target.ts';
import type { TlsSettings } from '../../src/lab/load/tls-settings.ts';
import { freePort } from '../support/free-port.ts';
import { findProgram, title } from '../support/requires.ts';
import { startSocketServer } from '../support/socket-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { CertificateAuthority } from '../support/tls-certificates.ts';
import type { Certificate } from '../support/tls-certificates.ts';

/** Long enough for a busy machine to do all but wait. */
const patientMs = 20_000;
/** For what is meant to run out. */
const shortMs = 300;

async function ask(origin: string, timeoutMs = patientMs, tls: TlsSettings = {}): Promise<HttpOutcome> {
  const target = new HttpTarget(origin, timeoutMs, tls);
  const outcome = await target.send({ method: 'GET', path: '/', headers: {}, wantsBody: true });
  await target.destroy();
  return outcome;
}

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const part = `${head}content-length: 1000\r\n\r\n{"part`;

/** Sends `text`, and does the rest when the client may have read it. */
function write(text: string, then: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => void socket.write(text, () => setTimeout(() => then(socket), 50));
}

describe('a connection that fails is a failure of its own kind', () => {
  it.each<[string, string, (socket: Socket) => void]>([
    ['closed before the answer', 'connection closed', (socket) => socket.end()],
    ['reset before the answer', 'connection reset', (socket) => socket.resetAndDestroy()],
    [
      'closed in the headers',
      'connection closed',
      write('HTTP/1.1 200 OK\r\ncont', (socket) => socket.end()),
    ],
    ['closed in the answer', 'answer cut off: connection closed', write(part, (socket) => socket.end())],
    [
      'closed in the last answer',
      'answer cut off: connection closed',
      write(part.replace('content-length', 'connection: close\r\ncontent-length'), (socket) => socket.end()),
    ],
    [
      'closed between two chunks',
      'answer cut off: connection closed',
      write(`${head}transfer-encoding: chunked\r\n\r\n3\r\n{"a\r\n`, (socket) => socket.end()),
    ],
    [
      'reset in the answer',
      'answer cut off: connection reset',
      write(part, (socket) => socket.resetAndDestroy()),
    ],
    [
      'no HTTP',
      'malformed http: Expected HTTP/, RTSP/ or ICE/',
      (socket) => socket.end('220 mail.example ESMTP\r\n'),
    ],
    [
      'no chunk',
      'malformed http: Invalid character in chunk size',
      (socket) => socket.write(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`),
    ],
    [
      'endless headers',
      'malformed http: headers too large',
      (socket) => socket.write(`${head}x: ${'x'.repeat(100_000)}`),
    ],
    [
      'another protocol',
      'malformed http: bad upgrade',
      (socket) => socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
    [
      'a TLS alert',
      'the target speaks TLS, not plain http',
      (socket) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 70])),
    ],
  ])('%s: %s', async (_what, failure, onRequest) => {
    await using server = await startSocketServer(onRequest);
    expect(await ask(server.url)).toMatchObject({ failure });
  });

  it('nobody listens: connect ECONNREFUSED', async () => {
    const port = await freePort();
    expect(await ask(`http://127.0.0.1:${port}`)).toMatchObject({ failure: 'connect ECONNREFUSED' });
  });

  it('no such host: connect ENOTFOUND', async () => {
    // RFC 6761: this name never exists; without a resolver the system says EAI_AGAIN.
    const { failure } = { failure: undefined, ...(await ask('http://gaugeway.invalid')) };
    expect(failure).toMatch(/^connect (ENOTFOUND|EAI_AGAIN)$/);
  });
});

describe('an answer that takes too long', () => {
  it('never begins: timeout', async () => {
    await using server = await startSocketServer(() => undefined);
    expect(await ask(server.url, shortMs)).toMatchObject({ failure: 'timeout' });
  });

  it('never ends, its headers came at once: timeout in the answer', async () => {
    await using server = await startSocketServer((socket) => void socket.write(part));
    expect(await ask(server.url, shortMs)).toMatchObject({ failure: 'timeout in the answer' });
  });

  it('drips: timeout in the answer, and the connection is not used again', async () => {
    const drips: NodeJS.Timeout[] = [];
    const sockets = new Set<Socket>();
    const closed = Promise.withResolvers<void>();
    await using server = await startSocketServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => closed.resolve());
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
      drips.push(setInterval(() => socket.write('1\r\nx\r\n'), 10));
    });
    const target = new HttpTarget(server.url, shortMs);
    const request = { method: 'GET', path: '/', headers: {}, wantsBody: true };
    expect(await target.send(request)).toMatchObject({ failure: 'timeout in the answer' });
    await closed.promise;
    expect(await target.send(request)).toMatchObject({ failure: 'timeout in the answer' });
    expect(sockets.size).toBe(2);
    await target.destroy();
    drips.forEach(clearInterval);
  });

  it('cannot begin for nobody takes the connection over: connect timeout', async () => {
    await using server = await startSocketServer(() => undefined);
    // A TCP connection alone is none by TLS.
    const outcome = await ask(server.url.replace('http:', 'https:'), shortMs);
    expect(outcome).toMatchObject({ failure: 'connect timeout' });
  });
});

describe('an answer that is too large', () => {
  it('is cut off, whatever it announces', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x1_00_00)}\r\n`;
    await using server = await startSocketServer((socket) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour).write(`${head}transfer-encoding: chunked\r\n\r\n`);
      pour();
    });
    expect(await ask(server.url)).toMatchObject({ failure: 'answer too large' });
  });
});

const openssl = findProgram('openssl');

describe.skipIf(openssl.missing)(title('TLS', openssl), () => {
  let folder: TemporaryFolder;
  let authority: CertificateAuthority;
  const servers: Server[] = [];

  beforeAll(async () => {
    folder = await temporaryFolder();
    authority = new CertificateAuthority(openssl.path ?? '', folder.path);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      await once(server, 'close');
    }
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  async function listen(server: Server): Promise<string> {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const address = server.address();
    return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  function serve({ key, cert }: Certificate): Promise<string> {
    return listen(createHttpsServer({ key, cert }, (_request, response) => void response.end('{}')));
  }

  it('is spoken with who is trusted', async () => {
    const certificate = authority.issue('IP:127.0.0.1');
    const address = await serve(certificate);
    expect(await ask(`https://${address}`, patientMs, { ca: certificate.ca })).toMatchObject({ status: 200 });
  });

  it('takes anybody when it is told to', async () => {
    const address = await serve(authority.issue('DNS:elsewhere.example', -1));
    expect(await ask(`https://${address}`, patientMs, { insecure: true })).toMatchObject({ status: 200 });
  });

  it.each([
    [
      'of a private authority',
      'tls: certificate of an unknown authority (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
      'IP:127.0.0.1',
      2,
      false,
    ],
    ['that has expired', 'tls: certificate has expired (CERT_HAS_EXPIRED)', 'IP:127.0.0.1', -1, true],
    [
      'of another host',
      'tls: certificate of another host (ERR_TLS_CERT_ALTNAME_INVALID)',
      'DNS:elsewhere.example',
      2,
      true,
    ],
  ])('refuses a certificate %s: %s', async (_what, failure, host, days, trusted) => {
    const certificate = authority.issue(host, days);
    const address = await serve(certificate);
    const outcome = await ask(`https://${address}`, patientMs, trusted ? { ca: certificate.ca } : {});
    expect(outcome).toMatchObject({ failure });
  });

  it('is not plain HTTP', async () => {
    const address = await listen(createHttpServer((_request, response) => void response.end('{}')));
    expect(await ask(`https://${address}`)).toMatchObject({
      failure: 'tls: the target does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)',
    });
  });

  it('is not spoken by who was asked in plain HTTP', async () => {
    const address = await serve(authority.issue('IP:127.0.0.1'));
    // OpenSSL sends no alert to a client that speaks HTTP.
    expect(await ask(`http://${address}`)).toMatchObject({ failure: 'connection closed' });
  });

  it('ends in the handshake when the other side goes away', async () => {
    await using server = await startSocketServer((socket) => socket.end());
    expect(await ask(server.url.replace('http:', 'https:'))).toMatchObject({
      failure: 'tls: connection closed in the handshake',
    });
  });
});
