import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { createAnonymousAuthenticator, createJwtAuthenticator } from './jwt-authenticator.ts';
import { mintToken } from './mint-token.ts';

const secret = 'a secret of this test that is long enough';
const start = 1_780_000_000_000;
const claims = { audience: 'mcpgateway-api', issuer: 'mcpgateway' };

function setUp(cacheSize?: number) {
  const clock = { nowMs: start };
  const authenticator = createJwtAuthenticator({
    secret,
    ...claims,
    nowMs: () => clock.nowMs,
    ...(cacheSize !== undefined && { cacheSize }),
  });
  const authenticate = async (header: string | undefined) => authenticator.authenticate(header);
  return { clock, authenticator, authenticate };
}

const mint = (over: Partial<Parameters<typeof mintToken>[0]> = {}) =>
  mintToken({ secret, ...claims, subject: 'admin', lifetimeS: 60, nowMs: start, ...over });

const signed = (payload: Record<string, unknown>, alg = 'HS256') =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));

describe('bearer tokens', () => {
  test('a minted token is accepted and names its subject', async () => {
    const { authenticate } = setUp();
    expect(await authenticate(`Bearer ${await mint()}`)).toEqual({
      subject: 'admin',
      expiresAt: start / 1000 + 60,
    });
  });

  test('the second time is synchronous, until the token expires', async () => {
    const { authenticator, authenticate, clock } = setUp();
    const header = `Bearer ${await mint()}`;
    await authenticate(header);
    expect(authenticator.authenticate(header)).toMatchObject({ subject: 'admin' });
    clock.nowMs += 60_000;
    expect(() => authenticator.authenticate(header)).toThrow('a valid bearer token is required');
    await expect(authenticate(header)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('the least recently used token is forgotten first', async () => {
    const { authenticator, authenticate } = setUp(2);
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map(async (subject) => `Bearer ${await mint({ subject })}`),
    );
    await authenticate(a);
    await authenticate(b);
    await authenticate(a);
    await authenticate(c);
    expect(authenticator.authenticate(a)).not.toBeInstanceOf(Promise);
    const forgotten = authenticator.authenticate(b);
    expect(forgotten).toBeInstanceOf(Promise);
    expect(await forgotten).toMatchObject({ subject: 'b' });
  });

  test('every reason to refuse looks the same', async () => {
    const { authenticate } = setUp();
    const full = { sub: 'a', aud: claims.audience, iss: claims.issuer, exp: start / 1000 + 60, jti: 'x' };
    const without = (claim: keyof typeof full) => signed({ ...full, [claim]: undefined });
    const token = await mint();
    const headers = [
      undefined,
      '',
      token,
      'Bearer',
      'Bearer nonsense',
      `Basic ${token}`,
      `Bearer ${token} extra`,
      `Bearer ${token}${'A'.repeat(9000)}`,
      `Bearer ${token.slice(0, -2)}`,
      `Bearer ${await mint({ secret: 'another secret that is also long enough' })}`,
      `Bearer ${await mint({ audience: 'other' })}`,
      `Bearer ${await mint({ issuer: 'other' })}`,
      `Bearer ${await mint({ lifetimeS: -1 })}`,
      `Bearer ${await signed({ ...full, sub: '' })}`,
      `Bearer ${await signed({ ...full, sub: 7 })}`,
      `Bearer ${await signed({ ...full, jti: 7 })}`,
      `Bearer ${await signed(full, 'HS512')}`,
      `Bearer ${new UnsecuredJWT(full).encode()}`,
      ...(await Promise.all((['sub', 'aud', 'iss', 'exp', 'jti'] as const).map(without))).map(
        (each) => `Bearer ${each}`,
      ),
    ];
    for (const header of headers) {
      await expect(authenticate(header), String(header).slice(0, 40)).rejects.toMatchObject({
        code: 'unauthorized',
        message: 'a valid bearer token is required',
      });
    }
    expect(await authenticate(`bearer ${await signed(full)}`)).toMatchObject({ subject: 'a' });
  });

  test('without authentication everybody is anonymous', () => {
    const authenticator = createAnonymousAuthenticator();
    expect(authenticator.required).toBe(false);
    expect(authenticator.authenticate(undefined)).toEqual({ subject: 'anonymous' });
  });
});
