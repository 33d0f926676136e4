import { GaugewayError } from '../../shared/errors.ts';

export interface HostGuardOptions {
  /** Host names (no port) that may be in `Host`; undefined: any, for a gateway that is not bound to loopback. */
  allowedHosts: readonly string[] | undefined;
  /** Full origins, e.g. `https://app.example`, beside those whose host is in `allowedHosts`. */
  allowedOrigins: readonly string[];
}

/** Throws GaugewayError forbidden when `Host` or a present `Origin` is not one of ours (DNS rebinding). */
export type HostGuard = (host: string | undefined, origin: string | undefined) => void;

/** What a gateway that is bound to loopback accepts. */
export const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'] as const;

/** Remembers the last accepted pair, since almost every request of a gateway carries the same one. */
export function createHostGuard(options: HostGuardOptions): HostGuard {
  const hosts = options.allowedHosts?.map((host) => host.toLowerCase());
  const origins = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase()));
  let lastHost: string | undefined;
  let lastOrigin: string | undefined;

  return (host, origin) => {
    if (host === lastHost && origin === lastOrigin && host !== undefined) return;
    if (hosts !== undefined && !hosts.includes(hostName(host))) {
      throw new GaugewayError('forbidden', 'this Host is not served here');
    }
    if (origin !== undefined && !originAllowed(origin.toLowerCase(), hosts, origins)) {
      throw new GaugewayError('forbidden', 'this Origin is not allowed');
    }
    lastHost = host;
    lastOrigin = origin;
  };
}

function hostName(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:\d+$/, '');
}

function originAllowed(
  origin: string,
  hosts: readonly string[] | undefined,
  origins: ReadonlySet<string>,
): boolean {
  if (origins.has(origin)) return true;
  const url = URL.parse(origin);
  return url !== null && url.protocol.startsWith('http') && (hosts?.includes(url.hostname) ?? false);
}
