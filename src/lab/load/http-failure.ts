import { errorCode } from '../../shared/system-error.ts';

/** How far a request had come when it failed. */
export type RequestPhase = 'connecting' | 'waiting' | 'answering';

/** What did not come in time. */
export const timeoutKinds: Readonly<Record<RequestPhase, string>> = {
  connecting: 'connect timeout',
  waiting: 'timeout',
  answering: 'timeout in the answer',
};

const unknownAuthority = 'certificate of an unknown authority';
/** What Node's and OpenSSL's codes say of the other side (node:tls, X509 certificate error codes). */
const tlsErrors: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate of another host',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the target does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the target does not speak TLS',
};

/** The first bytes of a TLS alert: its record type, and the major version of every SSL and TLS. */
const tlsAlert = [0x15, 0x03];

/**
 * Why a request failed, as a kind that a person can read: undici's and the system's errors under names of their
 * own. The codes of system calls stay as they are (`connect ECONNREFUSED`); `aborted` is what was cut off on this side.
 */
export function failureOf(error: Error, phase: RequestPhase): string {
  const code = errorCode(error) ?? error.name;
  switch (code) {
    case 'ABORTED':
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return 'aborted';
    case 'UND_ERR_INVALID_ARG':
      return `invalid request: ${error.message}`;
    case 'UND_ERR_CONNECT_TIMEOUT':
      return timeoutKinds.connecting;
    case 'UND_ERR_SOCKET':
      return error.message.startsWith('bad ')
        ? `malformed http: ${error.message}`
        : lost('connection closed', phase);
    case 'ECONNRESET':
      return phase === 'connecting' && error.message.includes('TLS')
        ? 'tls: connection closed in the handshake'
        : lost('connection reset', phase);
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return lost('connection closed', 'answering');
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'malformed http: headers too large';
    case 'HTTPParserError':
      return malformed(error);
    default:
      return phase === 'connecting' ? connectFailure(code) : `connection ${code}`;
  }
}

function lost(what: string, phase: RequestPhase): string {
  return phase === 'answering' ? `answer cut off: ${what}` : what;
}

function connectFailure(code: string): string {
  const words = tlsErrors[code];
  if (words !== undefined) return `tls: ${words} (${code})`;
  return code.startsWith('ERR_SSL_') || code.includes('CERT') ? `tls: ${code}` : `connect ${code}`;
}

/** undici gives the parser's reason in parentheses, and what it could not read as `data`. */
function malformed(error: Error): string {
  const data = 'data' in error && typeof error.data === 'string' ? error.data : '';
  if (tlsAlert.every((byte, at) => data.codePointAt(at) === byte))
    return 'the target speaks TLS, not plain http';
  const [, reason] = /\((.+)\)$/.exec(error.message) ?? [];
  return reason === undefined ? 'malformed http' : `malformed http: ${reason}`;
}
