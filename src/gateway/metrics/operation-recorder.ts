import type { OperationError } from '../../protocol/operation-error.ts';

/** What is known of an MCP request or notification, at the latest when it has ended. */
export interface Operation {
  readonly method: string;
  /** Undefined when it names none, or one that is not in the catalogue. */
  toolName?: string | undefined;
  /** Undefined when it failed before it was known. */
  protocolVersion?: string | undefined;
  /** Public id of a legacy client's session, when it was found to be valid. */
  sessionId?: string | undefined;
  error?: OperationError | undefined;
}

/** Where the hot path leaves a client's finished operations and ended sessions: never waits, never throws. */
export interface OperationRecorder {
  finished(operation: Operation, seconds: number): void;
  sessionEnded(protocolVersion: string, seconds: number): void;
}
