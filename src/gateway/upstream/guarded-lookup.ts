import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { GaugewayError } from '../../shared/errors.ts';
import { isForbiddenAddress } from './guard-url.ts';

/**
 * Name resolution for upstream connections that refuses addresses which `guardUpstreamUrl` would refuse, so that
 * a host name cannot lead (or be led later, by DNS rebinding) to where its URL may not point.
 */
export function guardedLookup(options: { allowPrivate: boolean }): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    lookup(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const allowed = addresses.filter(({ address }) => !isForbiddenAddress(address, options));
      const [first] = allowed;
      if (first === undefined) {
        const refused = new GaugewayError('upstream_unreachable', `upstreams at ${hostname} are not allowed`);
        return callback(refused, []);
      }
      if (lookupOptions.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
