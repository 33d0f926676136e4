import { expect, test } from 'vitest';
import { pyroscopeServer, type PyroscopeServer } from './pyroscope-server.ts';

function server(url: string, environment = {}, allowRemote = false): Promise<PyroscopeServer> {
  return pyroscopeServer({ url, application: 'a', allowRemote, environment });
}

test.each([
  ['http://localhost:4040', 'http://localhost:4040/ingest'],
  ['http://127.0.0.1:4040/', 'http://127.0.0.1:4040/ingest'],
  ['http://[::1]:4040', 'http://[::1]:4040/ingest'],
  ['http://10.2.3.4:4040/ingest', 'http://10.2.3.4:4040/ingest'],
  ['https://profiles.example.org/pyroscope', 'https://profiles.example.org/pyroscope/ingest'],
])('%s is pushed to at %s', async (url, ingestUrl) => {
  expect((await server(url)).ingestUrl.href).toBe(ingestUrl);
});

test.each([
  ['http://93.184.216.34:4040', 'not in a private network'],
  ['http://169.254.169.254', 'not in a private network'],
  ['http://[2606:4700::1111]', 'not in a private network'],
  ['localhost:4040', 'an URL like'],
  ['ftp://localhost', 'an URL like'],
  ['http://localhost:4040/?query=1', 'has no parameters'],
  ['http://user:hidden@localhost:4040', 'credentials do not belong in the URL'],
  ['user:hidden@localhost', 'an URL like'],
])('%s is refused: %s', async (url, reason) => {
  const refusal = server(url);
  await expect(refusal).rejects.toThrow(reason);
  await expect(refusal).rejects.toMatchObject({ code: 'usage' });
  await expect(refusal).rejects.not.toThrow('hidden');
});

test('plain http to anywhere is for those who ask for it', async () => {
  expect((await server('http://93.184.216.34', {}, true)).ingestUrl.host).toBe('93.184.216.34');
});

test('credentials and tenant come from the environment', async () => {
  const url = 'http://localhost:4040';
  const user = { PYROSCOPE_BASIC_AUTH_USER: '123', PYROSCOPE_BASIC_AUTH_PASSWORD: 'pass' };
  expect((await server(url)).headers).toEqual({});
  expect((await server(url, user)).headers).toEqual({ authorization: 'Basic MTIzOnBhc3M=' });
  const token = { PYROSCOPE_AUTH_TOKEN: ' secret\n', PYROSCOPE_TENANT_ID: 'team' };
  expect((await server(url, token)).headers).toEqual({
    authorization: 'Bearer secret',
    'x-scope-orgid': 'team',
  });
  const both = await server(url, { ...user, ...token });
  expect(both.headers).toMatchObject({ authorization: 'Basic MTIzOnBhc3M=' });
  expect(both.secrets).toEqual(['secret', 'pass', 'MTIzOnBhc3M=']);
});

test.each([
  [{ PYROSCOPE_BASIC_AUTH_USER: '123' }, 'PYROSCOPE_BASIC_AUTH_PASSWORD is missing'],
  [{ PYROSCOPE_BASIC_AUTH_PASSWORD: 'pass' }, 'PYROSCOPE_BASIC_AUTH_USER is missing'],
  [{ PYROSCOPE_AUTH_TOKEN: 'a\r\nb: c' }, 'PYROSCOPE_AUTH_TOKEN holds characters'],
])('%j is refused: %s', async (environment, reason) => {
  await expect(server('http://localhost:4040', environment)).rejects.toThrow(reason);
});
