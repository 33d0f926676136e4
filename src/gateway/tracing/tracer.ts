import type { ClientMessage } from '../../protocol/client-message.ts';
import type { OperationError } from '../../protocol/operation-error.ts';
import type { WireHeaders } from '../../protocol/wire-codec.ts';
import type { Operation } from '../metrics/operation-recorder.ts';
import type { UpstreamRequest } from '../upstream/upstream.ts';

/** The port of the hot path to tracing. None of its methods waits or throws. Times are milliseconds since the epoch. */
export interface Tracer {
  /** Begins the span of a client's request or notification; undefined when it is not to be recorded. */
  begin(message: ClientMessage, headers: WireHeaders, startedMs: number): ServerSpan | undefined;
}

/** The span of an operation of a client. */
export interface ServerSpan {
  /** Begins the span of the request to an upstream that the operation leads to. */
  begin(startedMs: number): ClientSpan;
  end(operation: Operation, endedMs: number): void;
}

/** The span of a request to an upstream. */
export interface ClientSpan {
  /** The request with this span as what it comes from, in place of what the client named. */
  carriedBy(request: UpstreamRequest): UpstreamRequest;
  end(error: OperationError | undefined, endedMs: number): void;
}
