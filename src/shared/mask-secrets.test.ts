import { expect, test } from 'vitest';
import { maskSecrets } from './mask-secrets.ts';

test.each([
  ['Authorization: Bearer abcdef123456789', 'abcdef123456789'],
  ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl ends', 'eyJzdWIiOiJhIn0'],
  ['postgres://app:s3cr3t-word@127.0.0.1:5432/db', 's3cr3t-word'],
  ['postgres://app:s3cr@t-word@db.internal/x', 't-word'],
  ['postgres://app:s3cret-word@db, mail to someone@example.com', 's3cret-word'],
  ['?access_token=hunter22&x=1', 'hunter22'],
  ['JWT_SECRET_KEY=hunter22 is short', 'hunter22'],
  ['{"password":"hunter22","user":"app"}', 'hunter22'],
  ['api_key=0123456789abcdef&x=1', '0123456789abcdef'],
  ['host=db password=hunter22 user=app', 'hunter22'],
])('%s keeps its shape and loses its secret', (text, secret) => {
  const masked = maskSecrets(text);
  expect(masked).not.toContain(secret);
  expect(masked).toContain('***');
});

test('ordinary text stays as it is', () => {
  const text = 'SELECT count(*) FROM tokens WHERE id = $1 AND tokens=3 -- http://127.0.0.1:4444/mcp';
  expect(maskSecrets(text)).toBe(text);
});
