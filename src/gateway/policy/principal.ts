/** Who calls. Anonymous only where no authentication is configured, which binds the gateway to loopback. */
export interface Principal {
  /** `sub` of the token; `anonymous` otherwise. */
  subject: string;
  /** Seconds since the epoch; undefined for anonymous. */
  expiresAt?: number;
}

/** Verifies a bearer token. Synchronous when the token is in the cache, which is the hot path. */
export interface Authenticator {
  readonly required: boolean;
  /** Throws GaugewayError unauthorized. */
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
}
