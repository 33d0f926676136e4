import { addressKind } from '../../shared/address-kind.ts';
import { GaugewayError } from '../../shared/errors.ts';

/**
 * Guard against server-side request forgery for a URL that a user registers as an upstream: only http and
 * https, no credentials in the URL; link-local, unspecified and multicast addresses are always refused, since
 * the cloud metadata services live there; private and loopback ones unless `allowPrivate`. It judges the URL as
 * written: call it again with the resolved address of a host name ({@link isForbiddenAddress}) when connecting.
 * Throws GaugewayError unprocessable, field `url`.
 */
export function guardUpstreamUrl(text: string, options: { allowPrivate: boolean }): URL {
  const url = URL.parse(text);
  if (url === null) throw refused(`${JSON.stringify(text.slice(0, 200))} is not a URL`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refused(`an upstream is reached by http or https, not ${url.protocol.slice(0, -1)}`);
  }
  if (url.username !== '' || url.password !== '') throw refused('credentials do not belong in the URL');
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (metadataHosts.has(host) || isForbiddenAddress(host, options)) {
    throw refused(`upstreams at ${host} are not allowed`);
  }
  return url;
}

const metadataHosts = new Set(['metadata', 'metadata.google.internal', 'instance-data']);

/** Whether an upstream may not live at `address`: an IP address, or a host name, of which only `localhost` is judged. */
export function isForbiddenAddress(address: string, options: { allowPrivate: boolean }): boolean {
  const kind = addressKind(address);
  return kind === 'never' || (kind === 'private' && !options.allowPrivate);
}

function refused(reason: string): GaugewayError {
  return new GaugewayError('unprocessable', reason, { field: 'url' });
}
