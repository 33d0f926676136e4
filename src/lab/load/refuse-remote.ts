import { GaugewayError } from '../../shared/errors.ts';
import { isLoopbackHost } from '../../shared/loopback.ts';

/** Throws GaugewayError usage for a target that is no http URL, or not on this machine unless that was allowed. */
export function refuseRemote(targetUrl: string, allowRemote: boolean): void {
  const url = URL.parse(targetUrl);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new GaugewayError('usage', `the target is not an http or https URL: '${targetUrl}'`);
  }
  if (allowRemote || isLoopbackHost(url.hostname)) return;
  throw new GaugewayError('usage', `${url.host} is not this machine: --allow-remote lets the load go there`);
}
