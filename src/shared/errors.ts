/**
 * Every error that Gaugeway raises on purpose, declared once: what it means on HTTP, on JSON-RPC, and
 * whether the caller may simply try again. `jsonRpcCode` follows MCP: -32700..-32600 are JSON-RPC's own,
 * -32020..-32099 belong to the MCP specification (2026-07-28); codes of ours lie outside -32768..-32000.
 */
export const errorTable = {
  usage: { httpStatus: 400, jsonRpcCode: -32602, retryable: false },
  config_invalid: { httpStatus: 500, jsonRpcCode: -32603, retryable: false },
  parse_error: { httpStatus: 400, jsonRpcCode: -32700, retryable: false },
  invalid_request: { httpStatus: 400, jsonRpcCode: -32600, retryable: false },
  method_not_found: { httpStatus: 404, jsonRpcCode: -32601, retryable: false },
  invalid_params: { httpStatus: 400, jsonRpcCode: -32602, retryable: false },
  header_mismatch: { httpStatus: 400, jsonRpcCode: -32020, retryable: false },
  unsupported_protocol_version: { httpStatus: 400, jsonRpcCode: -32022, retryable: false },
  unauthorized: { httpStatus: 401, jsonRpcCode: -32600, retryable: false },
  forbidden: { httpStatus: 403, jsonRpcCode: -32600, retryable: false },
  not_found: { httpStatus: 404, jsonRpcCode: -32602, retryable: false },
  session_not_found: { httpStatus: 404, jsonRpcCode: -32600, retryable: true },
  method_not_allowed: { httpStatus: 405, jsonRpcCode: -32600, retryable: false },
  not_acceptable: { httpStatus: 406, jsonRpcCode: -32600, retryable: false },
  conflict: { httpStatus: 409, jsonRpcCode: -32600, retryable: false },
  body_too_large: { httpStatus: 413, jsonRpcCode: -32600, retryable: false },
  unsupported_media_type: { httpStatus: 415, jsonRpcCode: -32600, retryable: false },
  unprocessable: { httpStatus: 422, jsonRpcCode: -32602, retryable: false },
  rate_limited: { httpStatus: 429, jsonRpcCode: -32600, retryable: true },
  internal: { httpStatus: 500, jsonRpcCode: -32603, retryable: false },
  upstream_unreachable: { httpStatus: 502, jsonRpcCode: -32603, retryable: true },
  upstream_invalid: { httpStatus: 502, jsonRpcCode: -32603, retryable: false },
  unavailable: { httpStatus: 503, jsonRpcCode: -32603, retryable: true },
  upstream_timeout: { httpStatus: 504, jsonRpcCode: -32603, retryable: true },
  source_unreadable: { httpStatus: 500, jsonRpcCode: -32603, retryable: true },
  interrupted: { httpStatus: 503, jsonRpcCode: -32603, retryable: true },
} as const satisfies Record<string, ErrorSpec>;

export interface ErrorSpec {
  httpStatus: number;
  jsonRpcCode: number;
  retryable: boolean;
}

export type ErrorCode = keyof typeof errorTable;

/**
 * An expected failure with a code of {@link errorTable}. `message` is one line that a user can act on;
 * `field` names the input at fault (422); `data` may cross the wire as JSON-RPC `error.data`.
 */
export class GaugewayError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly data: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; field?: string; data?: Record<string, unknown> } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'GaugewayError';
    this.code = code;
    this.field = options.field;
    this.data = options.data;
  }

  get spec(): ErrorSpec {
    return errorTable[this.code];
  }
}

/** The message of anything that was thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
