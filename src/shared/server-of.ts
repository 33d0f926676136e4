/** `server.address` and `server.port` of an http or https URL, as OpenTelemetry names them: an IPv6 address without brackets. */
export function serverOf(url: string): { address: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  const usualPort = protocol === 'https:' ? 443 : 80;
  return {
    address: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? usualPort : Number(port),
  };
}
