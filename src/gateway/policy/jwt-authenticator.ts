import { jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { GaugewayError } from '../../shared/errors.ts';
import type { Authenticator, Principal } from './principal.ts';

export interface JwtAuthenticatorOptions {
  /** HS256, at least 32 characters. */
  secret: string;
  audience: string;
  issuer: string;
  nowMs: () => number;
  /** Verified tokens that are remembered until they expire; the least recently used goes first. */
  cacheSize?: number;
}

/** `WWW-Authenticate` of every 401 (RFC 6750, section 3): the same for every reason, so that it tells nothing. */
export const bearerChallenge = 'Bearer realm="gaugeway"';

const requiredClaims = ['sub', 'aud', 'iss', 'exp', 'jti'];
/** A header that is longer than any token of ours is refused unread. */
const maxHeaderLength = 8192;
const bearer = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;

/**
 * Bearer tokens with the claims that ContextForge requires. A token that was verified before is answered
 * synchronously, by the header's text, which is what the hot path sees.
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const { audience, issuer, nowMs, cacheSize = 10_000 } = options;
  const key = new TextEncoder().encode(options.secret);
  const verified = new Map<string, Required<Principal>>();

  async function verify(header: string): Promise<Principal> {
    const token = header.length > maxHeaderLength ? undefined : bearer.exec(header)?.[1];
    if (token === undefined) throw unauthorized();
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      audience,
      issuer,
      requiredClaims,
      currentDate: new Date(nowMs()),
    }).catch((error: unknown) => {
      throw unauthorized(error);
    });
    const principal = principalOf(payload);
    remember(header, principal);
    return principal;
  }

  function remember(header: string, principal: Required<Principal>): void {
    if (verified.size >= cacheSize) {
      const [oldest] = verified.keys();
      if (oldest !== undefined) verified.delete(oldest);
    }
    verified.set(header, principal);
  }

  return {
    required: true,
    authenticate(header) {
      if (header === undefined) throw unauthorized();
      const known = verified.get(header);
      if (known === undefined) return verify(header);
      verified.delete(header);
      if (known.expiresAt * 1000 <= nowMs()) throw unauthorized();
      verified.set(header, known);
      return known;
    },
  };
}

/** For a gateway without authentication, which binds to loopback only. */
export function createAnonymousAuthenticator(): Authenticator {
  const anonymous: Principal = { subject: 'anonymous' };
  return { required: false, authenticate: () => anonymous };
}

function principalOf({ sub, exp, jti }: JWTPayload): Required<Principal> {
  // The library checks that they are there, not that they are text.
  if (typeof sub !== 'string' || sub === '' || exp === undefined || typeof jti !== 'string') {
    throw unauthorized();
  }
  return { subject: sub, expiresAt: exp };
}

function unauthorized(cause?: unknown): GaugewayError {
  const message = 'a valid bearer token is required';
  return new GaugewayError('unauthorized', message, cause === undefined ? {} : { cause });
}
