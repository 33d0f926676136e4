import { describe, expect, it, test } from 'vitest';
import { isSecret, namesSecret, looksSecret } from './secret-values.ts';

describe('a name', () => {
  it.each(
    `sig code sid connect.sid jsessionid PHPSESSID sessionId private_key otp csrfmiddlewaretoken auth cookie
    Set-Cookie signature accessKeyId AWSAccessKeyId pin x-api-key apikey Authorization access_token newPassword
    code_verifier authorizationCode X-Amz-Credential passphrase client_secret id_token SAMLResponse`.split(
      /\s+/,
    ),
  )('says that its value is a secret: %s', (name) => expect(namesSecret(name)).toBe(true));

  it.each(
    `name key id author authors country_code statusCode max_tokens tokens pinned design assignee opinion
    monkey considered passenger x-tenant hx-request page sort`.split(/\s+/),
  )('says nothing of its value: %s', (name) => expect(namesSecret(name)).toBe(false));
});

describe('a value', () => {
  it.each([
    'd41d8cd98f00b204e9800998ecf8427e',
    'dGhpcyBpcyBhIHNlY3JldA',
    'hunter2hunter2hunter2',
    'Xk9_aP-s7dQ2_mZbC4tRw8_yLn5vGh1J',
    'Bearer abcdefgh',
    'https://me:hunter2@example.com/',
    'say password=hunter2 to it',
  ])('is a secret: %s', (value) => expect(looksSecret(value)).toBe(true));

  it.each([
    '',
    'the quick brown fox jumps over the lazy dog 12 times',
    'gpt-4o-mini-2024-07-18',
    '0b7c9f3e-1111-4222-8333-123456789abc',
    '2026-01-15T12:00:00.000Z',
    'http://host1.example.com/path/to/item1?x=1',
    'getUserInformationById',
    'user-42@example.com',
  ])('is none: %s', (value) => expect(looksSecret(value)).toBe(false));

  it('is one by the name of its field', () => {
    expect([isSecret('pin', 1234), isSecret('size', 1234)]).toEqual([true, false]);
  });

  test('is looked at in pieces that overlap, never as a whole', () => {
    // Each rule of what is masked sees 4,096 characters: one that needs more does not hold.
    const [near, far] = [100, 8_000].map((spaces) => `, password${' '.repeat(spaces)}=hunter2`);
    expect([looksSecret(near ?? ''), looksSecret(far ?? '')]).toEqual([true, false]);
  });

  test('is looked at to its end', () => {
    for (const length of [3_060, 4_090, 50_000]) {
      expect(looksSecret(`${'- '.repeat(length / 2)}password=hunter2`)).toBe(true);
    }
  });
});
