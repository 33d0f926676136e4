import { GaugewayError, errorTable } from '../shared/errors.ts';
import type { ServerAnswer } from './server-message.ts';

/** How an MCP operation failed, in the words of OpenTelemetry's conventions for MCP. */
export interface OperationError {
  /**
   * `error.type`: the JSON-RPC code as text, `tool_error` for a result with `isError`, an HTTP status or a code of
   * `errorTable` when there was no answer.
   */
  readonly type: string;
  /** `rpc.response.status_code`: the JSON-RPC code as text, when there was one. */
  readonly statusCode?: string;
  /** The message of the JSON-RPC error; that of a failed tool is its payload. */
  readonly message?: string;
}

const toolError: OperationError = { type: 'tool_error' };

/** What an answer says of its failure; undefined when all went well. */
export function answeredError(answer: ServerAnswer): OperationError | undefined {
  const { error, isError } = answer;
  if (error === undefined) return isError ? toolError : undefined;
  const statusCode = error.code === undefined ? '_OTHER' : String(error.code);
  return { type: statusCode, statusCode, ...(error.message === undefined ? {} : { message: error.message }) };
}

/** What is answered to a client when `error` was thrown, see `errorMember`. */
export function refusedError(error: unknown): OperationError {
  const isKnown = error instanceof GaugewayError;
  const statusCode = String(isKnown ? error.spec.jsonRpcCode : errorTable.internal.jsonRpcCode);
  return { type: statusCode, statusCode, ...(isKnown ? { message: error.message } : {}) };
}
