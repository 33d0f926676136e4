import { GaugewayError, errorTable } from '../shared/errors.ts';

/** JSON text of a JSON-RPC response; `idJson` and `json` are JSON text already. */
export function responseMessage(idJson: string, member: 'result' | 'error', json: string): string {
  return `{"jsonrpc":"2.0","id":${idJson},"${member}":${json}}`;
}

/** JSON text of a JSON-RPC request or, without an id, of a notification. */
export function requestMessage(idJson: string | undefined, method: string, paramsJson: string): string {
  const id = idJson === undefined ? '' : `"id":${idJson},`;
  return `{"jsonrpc":"2.0",${id}"method":${JSON.stringify(method)},"params":${paramsJson}}`;
}

/**
 * JSON text of the `error` member for anything that was thrown. An error of the table keeps its message and
 * says in `data` what it is and whether to try again; anything else is an internal failure whose text stays here.
 */
export function errorMember(error: unknown): string {
  if (!(error instanceof GaugewayError)) {
    return JSON.stringify({ code: errorTable.internal.jsonRpcCode, message: 'internal error' });
  }
  const { jsonRpcCode, retryable } = error.spec;
  const data = { reason: error.code, retryable, ...error.data };
  return JSON.stringify({ code: jsonRpcCode, message: error.message, data });
}
