import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { AttemptLimit } from './attempt-limit.ts';

/** What lets somebody in; one of them suffices. Without any, everybody who reaches the server is let in. */
export interface WebCredentials {
  login?: { user: string; password: string };
  token?: string;
}

/** Header that takes the token where `Authorization` is another's. */
export const tokenHeader = 'x-gaugeway-token';
/** A working day; who watches a test for longer logs in again. */
const sessionMs = 12 * 3_600_000;
const maxSessions = 100;

/** Who asks: their address, and what they sent. */
export interface Visitor {
  address: string;
  /** Own port, which keeps the cookies of two servers on one host apart. */
  port: number;
  headers: IncomingHttpHeaders;
}

/**
 * Lets requests in that prove themselves: by the cookie that a login gave, by `Authorization: Bearer` or
 * `X-Gaugeway-Token`, or by `Authorization: Basic` with the user and the password. Keeps digests of the sessions only.
 */
export class Gatekeeper {
  readonly #credentials: WebCredentials;
  readonly #cookiePath: string;
  readonly #attempts = new AttemptLimit();
  /** When each ends, by the digest of its cookie; the oldest first. */
  readonly #sessions = new Map<string, number>();

  constructor(credentials: WebCredentials, cookiePath: string) {
    this.#credentials = credentials;
    this.#cookiePath = cookiePath;
  }

  /** Whether anybody is asked for anything. */
  get isClosed(): boolean {
    return this.#credentials.login !== undefined || this.#credentials.token !== undefined;
  }

  /** What the login page asks for. */
  get asksFor(): 'password' | 'token' {
    return this.#credentials.login === undefined ? 'token' : 'password';
  }

  /** Throws `rate_limited` for a wrong token or password after too many of them. */
  admits(visitor: Visitor): boolean {
    if (!this.isClosed) return true;
    const ends = this.#sessions.get(digest(cookieOf(visitor)).toString('hex'));
    if (ends !== undefined && ends > nowMs()) return true;
    const offered = offeredIn(visitor.headers);
    return offered !== undefined && this.#try(visitor.address, offered);
  }

  /** The `Set-Cookie` of a new session, or undefined when what was given is wrong. Throws `rate_limited`. */
  logIn(visitor: Visitor, given: { user: string; password: string } | { token: string }): string | undefined {
    if (!this.#try(visitor.address, given)) return undefined;
    const secret = randomBytes(32).toString('base64url');
    this.#sessions.set(digest(secret).toString('hex'), nowMs() + sessionMs);
    for (const [oldest] of this.#sessions) {
      if (this.#sessions.size <= maxSessions) break;
      this.#sessions.delete(oldest);
    }
    return this.#cookie(visitor, secret, sessionMs / 1000);
  }

  /** Ends the session; gives the `Set-Cookie` that takes its cookie away. */
  logOut(visitor: Visitor): string {
    this.#sessions.delete(digest(cookieOf(visitor)).toString('hex'));
    return this.#cookie(visitor, '', 0);
  }

  /** Strict: no other site's page can act with it. Behind a proxy that speaks https it stays on https. */
  #cookie(visitor: Visitor, value: string, maxAgeS: number): string {
    const secure = visitor.headers.origin?.startsWith('https:') === true ? '; Secure' : '';
    const limits = `Path=${this.#cookiePath}; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}`;
    return `${cookieName(visitor)}=${value}; ${limits}${secure}`;
  }

  #try(address: string, given: { user: string; password: string } | { token: string }): boolean {
    this.#attempts.check(address);
    const { login, token } = this.#credentials;
    const right =
      'token' in given
        ? token !== undefined && isSame(given.token, token)
        : login !== undefined &&
          // Both are always compared, so that the time tells nothing of the user.
          [isSame(given.user, login.user), isSame(given.password, login.password)].every(Boolean);
    if (!right) this.#attempts.failed(address);
    return right;
  }
}

function offeredIn(
  headers: IncomingHttpHeaders,
): { user: string; password: string } | { token: string } | undefined {
  const own = headers[tokenHeader];
  if (typeof own === 'string') return { token: own };
  const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(headers.authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return { token: value };
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const [user = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return { user, password: password.join(':') };
}

function cookieName({ port }: Visitor): string {
  return `gaugeway-load-${port}`;
}

function cookieOf(visitor: Visitor): string {
  const prefix = `${cookieName(visitor)}=`;
  const pairs = (visitor.headers.cookie ?? '').split(/; */);
  return pairs.find((pair) => pair.startsWith(prefix))?.slice(prefix.length) ?? '';
}

/** Compares digests, which are equally long, in a time that does not depend on where they differ. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Throws GaugewayError usage for a secret that could be guessed. */
export function requireStrength(name: string, secret: string): void {
  if (secret.length >= 8) return;
  throw new GaugewayError('usage', `${name} must have at least 8 characters`);
}
