import { isIPv4 } from 'node:net';

export type AddressKind = 'public' | 'private' | 'never';

/**
 * Where an IP address lies; of host names only `localhost` is known, others are `public`. `private`: this
 * machine and private networks. `never`: link-local, unspecified and multicast ones, where cloud metadata services live.
 */
export function addressKind(host: string): AddressKind {
  const address = host.toLowerCase();
  if (address === 'localhost' || address.endsWith('.localhost')) return 'private';
  if (isIPv4(address)) return ipv4Kind(address.split('.').map(Number));
  if (!address.includes(':')) return 'public';
  const mapped = embeddedIPv4(address);
  if (mapped !== undefined) return ipv4Kind(mapped);
  if (address === '::1') return 'private';
  if (address === '::' || /^fe[89ab]/.test(address) || address.startsWith('ff')) return 'never';
  if (address === 'fd00:ec2::254') return 'never';
  // NAT64 under a prefix of the site's own (RFC 8215): where in it the IPv4 address lies is the site's affair.
  if (address.startsWith('64:ff9b:1:')) return 'never';
  return /^(?:f[cd]|fe[c-f])/.test(address) ? 'private' : 'public';
}

/** The IANA special-purpose ranges (RFC 6890) that matter here. */
function ipv4Kind([a = 0, b = 0, c = 0, d = 0]: number[]): AddressKind {
  if (a === 169 && b === 254) return 'never';
  if (a === 100 && b === 100 && c === 100 && d === 200) return 'never';
  if (a === 0 || a >= 224) return 'never';
  if (a === 10 || a === 127 || (a === 192 && b === 168)) return 'private';
  if (a === 172 && b >= 16 && b <= 31) return 'private';
  return a === 100 && b >= 64 && b <= 127 ? 'private' : 'public';
}

/**
 * IPv4 inside IPv6, as the URL parser writes it: mapped `::ffff:7f00:1`, translated `::ffff:0:7f00:1`, compatible
 * `::7f00:1`, NAT64 `64:ff9b::7f00:1`, 6to4 `2002:7f00:1::` (RFC 4291, 6052, 3056).
 */
function embeddedIPv4(address: string): number[] | undefined {
  const match =
    /^(?:::(?:ffff:(?:0:)?)?|64:ff9b::)(?:([0-9a-f]{1,4}):([0-9a-f]{1,4})|(\d+(?:\.\d+){3}))$/.exec(
      address,
    ) ?? /^2002:([0-9a-f]{0,4}):([0-9a-f]{0,4})/.exec(address);
  if (match === null) return undefined;
  if (match[3] !== undefined) return match[3].split('.').map(Number);
  const high = Number.parseInt(match[1] || '0', 16);
  const low = Number.parseInt(match[2] || '0', 16);
  return [high >> 8, high & 255, low >> 8, low & 255];
}
