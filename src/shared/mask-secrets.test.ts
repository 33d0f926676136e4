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
  ['PGPASSWORD=hunter22 psql', 'hunter22'],
  ['AWS_SECRET_ACCESS_KEY=hunter22/x+y', 'hunter22'],
  ['Cookie: sid=hunter22; theme=dark', 'hunter22'],
  ['{"cookie":"a=b; sid=hunter22","user":"app"}', 'hunter22'],
  ["password='two hunter22' user=app", 'hunter22'],
  ['password="two hunter22" user=app', 'hunter22'],
  ['{"msg":"{\\"password\\":\\"hunter22\\"}"}', 'hunter22'],
  ['passwd -> hunter22', 'hunter22'],
  ['postgres://app:p@ss/hunter22@db/x', 'hunter22'],
  ['--password hunter22 --host x', 'hunter22'],
  ['run --db-password hunter22', 'hunter22'],
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

test.each([
  'tokens: 5, max_tokens=100, token_count: 7',
  'GET http://127.0.0.1:4444/mcp?mail=someone@example.com',
  'http://[::1]:4444/a@b',
  'cookies: 5',
  "option '--token <token>' argument missing",
  '--web-token must have at least 8 characters',
])('%s is no secret', (text) => {
  expect(maskSecrets(text)).toBe(text);
});

test('what is around a secret stays', () => {
  const text = `{"password":"a b","user":"app","cookie":"c=d","note":"token='x y' z","url":"redis://:p/w@h:1/0"}`;
  expect(JSON.parse(maskSecrets(text))).toEqual({
    password: '***',
    user: 'app',
    cookie: '***',
    note: "token='***' z",
    url: 'redis://:***@h:1/0',
  });
});

test('a long text takes no long time', () => {
  const startedMs = performance.now();
  for (const part of ['a', 'a:', 'a-', '--a-', "password='", 'cookie ', 'x://'])
    maskSecrets(part.repeat(5000));
  expect(performance.now() - startedMs).toBeLessThan(5000);
});
