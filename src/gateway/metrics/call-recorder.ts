import type { ToolCallRecord } from '../storage/ports.ts';

/** Where the hot path leaves a finished call: never waits, never throws, drops with a count when full. */
export interface CallRecorder {
  record(call: ToolCallRecord): void;
}
