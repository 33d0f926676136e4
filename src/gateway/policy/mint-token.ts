import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

export interface MintTokenOptions {
  secret: string;
  audience: string;
  issuer: string;
  subject: string;
  lifetimeS: number;
  nowMs: number;
}

/** A bearer token with every claim that the gateway requires. */
export function mintToken(options: MintTokenOptions): Promise<string> {
  const issuedAtS = Math.floor(options.nowMs / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(options.subject)
    .setAudience(options.audience)
    .setIssuer(options.issuer)
    .setIssuedAt(issuedAtS)
    .setExpirationTime(issuedAtS + options.lifetimeS)
    .setJti(randomUUID())
    .sign(new TextEncoder().encode(options.secret));
}
