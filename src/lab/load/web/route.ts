import type { ServerResponse } from 'node:http';
import type { EventStreams } from './event-streams.ts';
import type { Gatekeeper, Visitor } from './gatekeeper.ts';
import type { LoadTest } from './load-test.ts';

/** What a server of one load test is made of. */
export interface LoadSite {
  test: LoadTest;
  gatekeeper: Gatekeeper;
  streams: EventStreams;
  /** Before every path, e.g. `/load`; empty at the root. */
  basePath: string;
}

/** What a request says beside its method and path. */
export interface RouteRequest {
  query: URLSearchParams;
  contentType: string;
  visitor: Visitor;
  /** Throws `body_too_large`. */
  readBody: () => Promise<string>;
}

export interface RouteAnswer {
  /** 200 when absent. */
  status?: number;
  contentType: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

/** One path of the API, and what it does. */
export type Route = {
  /** One line for the reference. */
  title: string;
  /** For those too who have not proved themselves. */
  isPublic?: true;
} & (
  | { answer: (site: LoadSite, request: RouteRequest) => RouteAnswer | Promise<RouteAnswer> }
  | { follow: (site: LoadSite, request: RouteRequest, response: ServerResponse) => void }
);

/** Pages are one file each and talk to nobody but this server. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  // Without any referrer a form would be sent with the origin `null`, as by a stranger.
  'referrer-policy': 'same-origin',
};

export function pageAnswer(body: string): RouteAnswer & { headers: Readonly<Record<string, string>> } {
  return { contentType: 'text/html; charset=utf-8', body, headers: pageHeaders };
}

export function jsonAnswer(body: object, status = 200): RouteAnswer {
  return { contentType: 'application/json', body: JSON.stringify(body), status };
}

/** To another page of the site, by GET. */
export function redirect({ basePath }: LoadSite, path: string): RouteAnswer {
  return {
    status: 303,
    contentType: 'text/plain; charset=utf-8',
    body: '',
    headers: { location: `${basePath}${path}` },
  };
}
