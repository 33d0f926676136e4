import { hostname } from 'node:os';
import { isIP } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import { GaugewayError } from '../../../shared/errors.ts';
import { isLoopbackHost } from '../../../shared/loopback.ts';
import type { WebCredentials } from './gatekeeper.ts';

/** Where a server listens, and under which further names it may be asked. */
export interface Reach {
  /** As it was asked to listen, e.g. `127.0.0.1`, `0.0.0.0`, `::`. */
  host: string;
  /** Names of a proxy in front of it. */
  names: readonly string[];
}

/** Whether only this machine reaches it. */
export function isLoopbackOnly({ host, names }: Reach): boolean {
  return isLoopbackHost(host) && names.every(isLoopbackHost);
}

/** Throws GaugewayError usage when others could start load tests without being asked who they are. */
export function refuseOpenDoor(reach: Reach, credentials: WebCredentials): void {
  if (isLoopbackOnly(reach) || credentials.login !== undefined || credentials.token !== undefined) return;
  const { host, names } = reach;
  const door = isLoopbackHost(host) ? `--web-name ${names.join(', ')}` : `--web-host ${host}`;
  throw new GaugewayError(
    'usage',
    `${door} lets others than this machine start load tests: add --web-login or --web-token`,
  );
}

/** Pages of ours that another site may link to. */
const linked = ['/', '/login'];

/**
 * Keeps other sites' pages out: they can neither reach a server by a name of theirs that leads to it (Host) nor send it
 * requests from a visitor's browser (Origin, Sec-Fetch-Site, else Referer: over plain http to another machine a browser
 * says no more of an image). The same machine's other ports are other sites too.
 * Throws GaugewayError `forbidden`.
 */
export function refuseStrangers(
  headers: IncomingHttpHeaders,
  method: string,
  path: string,
  reach: Reach,
): void {
  const host = headers.host ?? '';
  const own = isOwnName(URL.parse(`http://${host}`)?.hostname ?? '', reach);
  const origins = [undefined, `http://${host}`, ...(isLoopbackOnly(reach) ? [] : [`https://${host}`])];
  const site = headers['sec-fetch-site'] ?? 'none';
  const isLink = linked.includes(path) && (method === 'GET' || method === 'HEAD');
  const isOwnSite = site === 'none' || site === 'same-origin' || isLink;
  const isTold = headers['sec-fetch-site'] !== undefined || headers.origin !== undefined || isLink;
  const isOwnPage = isTold || headers.referer === undefined || origins.includes(originOf(headers.referer));
  if (own && origins.includes(headers.origin) && isOwnSite && isOwnPage) return;
  throw new GaugewayError(
    'forbidden',
    own ? 'requests of other sites are refused' : `this is not known as '${host}': --web-name makes it so`,
  );
}

/** `null`, which is no origin of ours, for what is no URL. */
function originOf(url: string): string {
  return URL.parse(url)?.origin ?? 'null';
}

/** A name of somebody else's can be made to lead here, an address cannot. */
function isOwnName(name: string, reach: Reach): boolean {
  const plain = name.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isLoopbackHost(plain) || reach.names.some((own) => own.toLowerCase() === plain)) return true;
  if (isLoopbackHost(reach.host)) return false;
  return isIP(plain) > 0 || plain === reach.host.toLowerCase() || plain === hostname().toLowerCase();
}
