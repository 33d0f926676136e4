/** A legacy client's session: which revision was negotiated, by whom, at which endpoint. */
export interface Session {
  readonly id: string;
  /** Tells it apart in traces, where the id would let anybody who reads them into the session. */
  readonly publicId: string;
  readonly protocolVersion: string;
  readonly subject: string;
  readonly scopeId: string;
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
}

/** Sessions of legacy clients. A session is found only by the principal and at the endpoint it was made for. */
export interface SessionStore {
  create(session: Omit<Session, 'id' | 'publicId' | 'createdMs'>): Session;
  find(id: string, subject: string, scopeId: string): Session | undefined;
  /** The session that was ended; undefined when there was none. */
  end(id: string, subject: string, scopeId: string): Session | undefined;
}
