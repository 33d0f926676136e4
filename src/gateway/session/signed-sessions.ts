import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Session, SessionStore } from './session-store.ts';

export interface SignedSessionsOptions {
  /** Replicas that share it accept each other's sessions, and so does a gateway that was restarted. */
  secret: string;
  /** Milliseconds since the epoch. */
  nowMs: () => number;
  /** From creation to expiry. Default one week. */
  lifeMs?: number;
  /** How many verified and how many ended sessions are remembered. Default 20,000. */
  maxRemembered?: number;
}

/**
 * Sessions whose id proves itself: `<revision>.<expiry>.<nonce>.<HMAC-SHA256>`, where the HMAC also covers the
 * principal and the endpoint. Nothing has to be stored for a session to be valid, so that none is lost when
 * the gateway restarts and any replica serves it. What is remembered here is only what has been verified (to do
 * it once) and what was ended (by this replica; an ended session stays usable at others until it expires, for
 * its principal alone).
 */
export function createSignedSessions(options: SignedSessionsOptions): SessionStore {
  const { nowMs, lifeMs = 7 * 24 * 3_600_000, maxRemembered = 20_000 } = options;
  const key = createHmac('sha256', options.secret).update('gaugeway session id').digest();
  const verified = new Map<string, Session & { expiresMs: number }>();
  const ended = new Set<string>();

  const signature = (claims: string, subject: string, scopeId: string): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([claims, subject, scopeId]))
      .digest('base64url');

  const verify = (
    id: string,
    subject: string,
    scopeId: string,
  ): (Session & { expiresMs: number }) | undefined => {
    const match = /^((\d{4}-\d\d-\d\d)\.(\d{1,15})\.[\w-]{22})\.([\w-]{43})$/.exec(id);
    const [, claims, protocolVersion, expires, proof] = match ?? [];
    if (claims === undefined || protocolVersion === undefined || proof === undefined) return undefined;
    // As text: several texts stand for the same bytes, and a session that was ended must not live on under another.
    const expected = Buffer.from(signature(claims, subject, scopeId));
    if (!timingSafeEqual(Buffer.from(proof), expected)) return undefined;
    const expiresMs = Number(expires);
    const createdMs = expiresMs - lifeMs;
    return { id, publicId: claims, protocolVersion, subject, scopeId, createdMs, expiresMs };
  };

  const find: SessionStore['find'] = (id, subject, scopeId) => {
    const known = verified.get(id);
    const session =
      known !== undefined && known.subject === subject && known.scopeId === scopeId
        ? known
        : verify(id, subject, scopeId);
    if (session === undefined || session.expiresMs <= nowMs() || ended.has(id)) return undefined;
    if (session !== known) remember(session);
    return session;
  };

  const remember = (session: Session & { expiresMs: number }): void => {
    forgetOldest(verified, maxRemembered);
    verified.set(session.id, session);
  };

  return {
    create({ protocolVersion, subject, scopeId }) {
      const expiresMs = Math.round(nowMs() + lifeMs);
      const claims = `${protocolVersion}.${expiresMs}.${randomBytes(16).toString('base64url')}`;
      const id = `${claims}.${signature(claims, subject, scopeId)}`;
      const createdMs = expiresMs - lifeMs;
      const session = { id, publicId: claims, protocolVersion, subject, scopeId, createdMs, expiresMs };
      remember(session);
      return session;
    },

    find,

    end(id, subject, scopeId) {
      const session = find(id, subject, scopeId);
      if (session === undefined) return undefined;
      verified.delete(id);
      forgetOldest(ended, maxRemembered);
      ended.add(id);
      return session;
    },
  };
}

function forgetOldest(memory: Map<string, unknown> | Set<string>, max: number): void {
  if (memory.size < max) return;
  const oldest = memory.keys().next();
  if (oldest.done !== true) memory.delete(oldest.value);
}
