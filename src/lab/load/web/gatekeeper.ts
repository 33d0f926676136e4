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

type Offered = { user: string; password: string } | { token: string };

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
  /** Apart, so that a header that a proxy or an old script goes on sending leaves the login page usable. */
  readonly #headerAttempts = new AttemptLimit();
  readonly #loginAttempts = new AttemptLimit();
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

  /**
   * Headers of a kind that is not asked for are those of somebody else. Throws `rate_limited` for a token or password in
   * a header after too many wrong ones.
   */
  admits(visitor: Visitor): boolean {
    if (this.isIn(visitor)) return true;
    const offered = this.#offeredIn(visitor.headers);
    return offered !== undefined && this.#try(this.#headerAttempts, visitor.address, offered);
  }

  /** Whether there is nothing to log in to, or a session. Looks at no other header and never throws. */
  isIn(visitor: Visitor): boolean {
    return !this.isClosed || this.#lasts(sessionOf(visitor));
  }

  /** Tells, whenever it is asked, whether the session still lasts that let the visitor in, if it was one. */
  watch(visitor: Visitor): () => boolean {
    const session = sessionOf(visitor);
    return this.#lasts(session) ? () => this.#lasts(session) : () => true;
  }

  /** The `Set-Cookie` of a new session, or undefined when what was given is wrong. Throws `rate_limited`. */
  logIn(visitor: Visitor, given: Offered): string | undefined {
    if (!this.#try(this.#loginAttempts, visitor.address, given)) return undefined;
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
    this.#sessions.delete(sessionOf(visitor));
    return this.#cookie(visitor, '', 0);
  }

  /** Strict: no other site's page can act with it. Behind a proxy that speaks https it stays on https. */
  #cookie(visitor: Visitor, value: string, maxAgeS: number): string {
    const secure = visitor.headers.origin?.startsWith('https:') === true ? '; Secure' : '';
    const limits = `Path=${this.#cookiePath}; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}`;
    return `${cookieName(visitor)}=${value}; ${limits}${secure}`;
  }

  #lasts(session: string): boolean {
    const ends = this.#sessions.get(session);
    return ends !== undefined && ends > nowMs();
  }

  #offeredIn(headers: IncomingHttpHeaders): Offered | undefined {
    const { login, token } = this.#credentials;
    const own = headers[tokenHeader];
    if (token !== undefined && typeof own === 'string') return { token: own };
    const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(headers.authorization ?? '') ?? [];
    if (token !== undefined && scheme.toLowerCase() === 'bearer') return { token: value };
    if (login === undefined || scheme.toLowerCase() !== 'basic') return undefined;
    const [user = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return { user, password: password.join(':') };
  }

  #try(attempts: AttemptLimit, address: string, given: Offered): boolean {
    attempts.check(address);
    const { login, token } = this.#credentials;
    const right =
      'token' in given
        ? token !== undefined && isSame(given.token, token)
        : login !== undefined &&
          // Both are always compared, so that the time tells nothing of the user.
          [isSame(given.user, login.user), isSame(given.password, login.password)].every(Boolean);
    if (!right) attempts.failed(address);
    return right;
  }
}

/** Under which its end is kept; nobody who reads it can make the cookie of it. */
function sessionOf(visitor: Visitor): string {
  return digest(cookieOf(visitor)).toString('hex');
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
