import type { CatalogRef } from './catalog/snapshot.ts';
import type { CallRecorder } from './metrics/call-recorder.ts';
import type { Authenticator } from './policy/principal.ts';
import type { SessionStore } from './session/session-store.ts';
import type { Upstream } from './upstream/upstream.ts';

/** What the hot path stands on. Everything is in memory: nothing here waits for a database. */
export interface PipelinePorts {
  authenticator: Authenticator;
  catalog: CatalogRef;
  upstreams: { get(gatewayId: string): Upstream | undefined };
  recorder: CallRecorder;
  sessions: SessionStore;
  nowMs: () => number;
}
