/**
 * undici's and the system's error codes as kinds of failure; `sent` tells a lost
 * connection from one never made; `aborted` is what was cut off on this side.
 */
export function failureOf(error: Error, sent: boolean): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (['ABORTED', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED'].includes(code)) return 'aborted';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  if (code === 'UND_ERR_SOCKET') return 'connection closed';
  if (code === 'UND_ERR_INVALID_ARG') return `invalid request: ${error.message}`;
  if (code.startsWith('HPE_') || code.startsWith('UND_ERR_')) return `malformed http ${code}`;
  return `${sent ? 'connection' : 'connect'} ${code}`;
}
