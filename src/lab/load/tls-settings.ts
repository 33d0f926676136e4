import { createSecureContext, getCACertificates } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { z } from 'zod';

/** Whom users trust when the target speaks TLS. */
export const tlsSettingsSchema = z.strictObject({
  /** Certificates in PEM form that are trusted beside those that Node comes with. */
  ca: z.string().max(1_000_000).optional(),
  /** Takes any certificate, so that anybody can answer in the target's place. */
  insecure: z.boolean().optional(),
});
export type TlsSettings = z.infer<typeof tlsSettingsSchema>;

/** As node:tls wants them. The certificates are read once, not for each connection. Throws what OpenSSL says of `ca`. */
export function connectionOptionsOf({
  ca,
  insecure,
}: TlsSettings): Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized'> {
  const trusted = ca === undefined ? undefined : [...getCACertificates('default'), ca];
  return {
    ...(trusted === undefined ? {} : { secureContext: createSecureContext({ ca: trusted }) }),
    ...(insecure === true ? { rejectUnauthorized: false } : {}),
  };
}
