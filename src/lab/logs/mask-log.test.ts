import { describe, expect, test } from 'vitest';
import { maskLogText } from './mask-log.ts';

const secret = 'hunter2-s3cr3t';

describe('nothing secret of a log is shown', () => {
  test.for([
    `GET /sse?token=${secret}&user=bob HTTP/1.1`,
    `GET /cb?code=${secret}&x=1`,
    `Authorization: Bearer ${secret}`,
    `authorization: Digest username="a", response="${secret}"`,
    `Cookie: sid=${secret}; theme=dark`,
    `set-cookie: session=${secret}; Path=/`,
    `X-Api-Key: ${secret}`,
    `{"headers":{"authorization":"Bearer ${secret}","cookie":"a=${secret}; b=c","host":"x"}}`,
    `{"password":"${secret}","user":"bob"}`,
    `{"user":{"accessToken":"${secret}"}}`,
    JSON.stringify({ msg: JSON.stringify({ client_secret: secret }) }),
    `{"password":"${secret}`,
    `{"privateKey": "${secret}`,
    `{'api_key': '${secret}', 'n': 1}`,
    `('Authorization', 'Basic ${secret}')`,
    `password=${secret} user=bob`,
    `password="${secret} with blanks" user=bob`,
    `run --password ${secret} --host x`,
    `connect to postgresql://app:${secret}@db:5432/mcp failed`,
    `redis://:${secret}@redis:6379/0`,
    `ghp_${secret.replaceAll('-', '')}${'a1B2c3D4e5'.repeat(3)} hunter2`.replace(' hunter2', ''),
    `-----BEGIN PRIVATE KEY----- ${secret}`,
    `PGPASSWORD=${secret} psql`,
    `passwd -> ${secret}`,
    `X-API-Key ${secret}`,
    `--password ${secret} at the start`,
    `session_id=${secret}`,
  ])('%s', (line) => {
    expect(maskLogText(line)).not.toMatch(/hunter2/);
    expect(maskLogText(line)).toContain('***');
  });

  test('what is no secret stays', () => {
    const line = 'user bob read 12 tokens of /tools in 3 ms, status=200 key a';
    expect(maskLogText(line)).toBe(line);
  });

  test('a line as long as no line should be takes no long time, and is cut', () => {
    expect(maskLogText('a.'.repeat(500_000)).length).toBeLessThan(5000);
  });
});
