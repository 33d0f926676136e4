/** A legacy client's session: which revision was negotiated, by whom, at which endpoint. */
export interface Session {
  readonly id: string;
  readonly protocolVersion: string;
  readonly subject: string;
  readonly scopeId: string;
}

/** Sessions of legacy clients. A session is found only by the principal and at the endpoint it was made for. */
export interface SessionStore {
  create(session: Omit<Session, 'id'>): Session;
  find(id: string, subject: string, scopeId: string): Session | undefined;
  /** Whether there was such a session to end. */
  end(id: string, subject: string, scopeId: string): boolean;
}
