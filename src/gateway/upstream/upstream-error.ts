import { GaugewayError, messageOf } from '../../shared/errors.ts';

/** What a failed HTTP exchange with an upstream means to those who called. Errors of the table pass, named. */
export function upstreamError(upstream: string, cause: unknown): GaugewayError {
  if (cause instanceof GaugewayError) {
    const message = cause.message.replace(/^the upstream/, `upstream ${upstream}`);
    return new GaugewayError(cause.code, message, { cause });
  }
  const code = codeOf(cause);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new GaugewayError('upstream_timeout', `upstream ${upstream} did not answer in time`, { cause });
  }
  if (code?.startsWith('HPE_')) {
    return new GaugewayError('upstream_invalid', `upstream ${upstream} does not speak HTTP`, { cause });
  }
  const reason = code === undefined ? messageOf(cause) : (reasons[code] ?? code);
  return new GaugewayError('upstream_unreachable', `upstream ${upstream} cannot be reached: ${reason}`, {
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name not found',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'connection closed before the answer',
  UND_ERR_DESTROYED: 'it was removed',
  UND_ERR_CLOSED: 'it was removed',
};

/** The code of an error; of the first of several, when every address of a host was tried. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}
