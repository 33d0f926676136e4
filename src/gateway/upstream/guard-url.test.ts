import { expect, test } from 'vitest';
import { guardUpstreamUrl } from './guard-url.ts';

const refusal = expect.objectContaining({ code: 'unprocessable', field: 'url' });

test.each([
  'https://mcp.example.org/mcp',
  'http://93.184.216.34:8080/mcp?x=1',
  'https://[2606:4700::1111]/mcp',
  'https://[2002:5db8:d822::1]/mcp',
])('%s may be an upstream', (url) => {
  expect(guardUpstreamUrl(url, { allowPrivate: false }).href).toBe(new URL(url).href);
});

test.each([
  'http://127.0.0.1:9000/mcp',
  'http://localhost/mcp',
  'http://a.localhost/mcp',
  'http://10.1.2.3/mcp',
  'http://172.31.0.1/mcp',
  'http://192.168.1.1/mcp',
  'http://100.64.0.1/mcp',
  'http://[::1]/mcp',
  'http://[fd12::1]/mcp',
  'http://[::ffff:127.0.0.1]/mcp',
  'http://[::ffff:0:10.0.0.1]/mcp',
  'http://[::127.0.0.1]/mcp',
  'http://[2002:7f00:1::1]/mcp',
  'http://[2002:a00::]/mcp',
  'http://[fec0::1]/mcp',
  'http://2130706433/mcp',
  'http://0x7f.1/mcp',
])('%s is private, and allowed only when told so', (url) => {
  expect(() => guardUpstreamUrl(url, { allowPrivate: false })).toThrow(refusal);
  expect(guardUpstreamUrl(url, { allowPrivate: true })).toBeInstanceOf(URL);
});

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://[::ffff:169.254.169.254]/',
  'http://[64:ff9b::169.254.169.254]/',
  'http://[64:ff9b:1::169.254.169.254]/',
  'http://[::169.254.169.254]/',
  'http://[2002:a9fe:a9fe::]/',
  'http://100.100.100.200/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://metadata.google.internal/',
  'http://metadata.google.internal./',
  'http://0.0.0.0:9000/mcp',
  'http://[::]/mcp',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://user:secret@mcp.example.org/mcp',
  'file:///etc/passwd',
  'ftp://mcp.example.org/',
  'not a url',
  '',
])('%j is never allowed', (url) => {
  expect(() => guardUpstreamUrl(url, { allowPrivate: true })).toThrow(refusal);
});
