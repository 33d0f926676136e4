import { describe, expect, test } from 'vitest';
import { createHostGuard, loopbackHosts } from './host-guard.ts';

const refusal = expect.objectContaining({ code: 'forbidden' });

describe('a gateway on loopback', () => {
  const guard = createHostGuard({ allowedHosts: loopbackHosts, allowedOrigins: ['https://app.example'] });

  test.each([
    ['127.0.0.1:4444', undefined],
    ['localhost', undefined],
    ['LOCALHOST:1', 'http://localhost:5173'],
    ['[::1]:4444', 'http://[::1]:4444'],
    ['127.0.0.1:4444', 'https://app.example'],
  ])('serves Host %s with Origin %s', (host, origin) => {
    expect(() => guard(host, origin)).not.toThrow();
  });

  test.each([
    ['evil.example:4444', undefined],
    ['127.0.0.1.evil.example', undefined],
    [undefined, undefined],
    ['127.0.0.1:4444', 'http://evil.example'],
    ['127.0.0.1:4444', 'http://localhost.evil.example'],
    ['127.0.0.1:4444', 'null'],
    ['127.0.0.1:4444', 'file://localhost'],
  ])('refuses Host %s with Origin %s, also right after a good one', (host, origin) => {
    guard('127.0.0.1:4444', undefined);
    expect(() => guard(host, origin)).toThrow(refusal);
  });
});

test('a gateway that takes any Host still takes only the Origins it was told', () => {
  const guard = createHostGuard({ allowedHosts: undefined, allowedOrigins: ['https://app.example'] });
  expect(() => guard('gateway.example', 'https://app.example')).not.toThrow();
  expect(() => guard('gateway.example', 'https://evil.example')).toThrow(refusal);
});
