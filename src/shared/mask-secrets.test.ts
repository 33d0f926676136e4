import { expect, test } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

test.each([
  ['Authorization: Bearer abcdef123456789', 'abcdef123456789'],
  ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl ends', 'eyJzdWIiOiJhIn0'],
  ['postgres://app:s3cr3t-word@127.0.0.1:5432/db', 's3cr3t-word'],
  ['{"password":"hunter22","user":"app"}', 'hunter22'],
  ['api_key=0123456789abcdef&x=1', '0123456789abcdef'],
  ['host=db password=hunter22 user=app', 'hunter22'],
])('%s keeps its shape and loses its secret', (text, secret) => {
  const masked = maskSecrets(text);
  expect(masked).not.toContain(secret);
  expect(masked).toContain('***');
});

test('ordinary text stays as it is', () => {
  const text = 'SELECT count(*) FROM tokens WHERE id = $1 -- http://127.0.0.1:4444/mcp';
  expect(maskSecrets(text)).toBe(text);
});
