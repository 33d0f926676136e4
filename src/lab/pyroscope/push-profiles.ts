import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { GaugewayError } from '../../shared/errors.ts';
import { labAgentHeader } from '../../shared/lab-agent.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';
import { oneLine } from '../../shared/one-line.ts';
import { outsideMessage } from '../../shared/outside-error.ts';
import { maskSet } from '../profile-files/mask-set.ts';
import type { ProfileSet } from '../profile/profile-set.ts';
import { type PprofWeight, toPprof } from '../profile/to-pprof.ts';
import { withoutWaiting } from '../profile/without-waiting.ts';
import type { PyroscopeServer } from './pyroscope-server.ts';
import { seriesName } from './series-name.ts';

/** Profiles of one process or thread, which the server keeps apart from others by their labels. */
export interface ProfileSeries {
  labels: Record<string, string>;
  set: ProfileSet;
}

export interface PushOptions {
  /** What the profiles weigh. Of `cpu` the time in which nothing ran is left out. */
  weight: PprofWeight;
  /** Samples a second, of profiles of time. */
  rateHz?: number;
}

/** What a server took. */
export interface PushedProfiles {
  to: string;
  application: string;
  profiles: number;
  /** Compressed. */
  bytes: number;
  /** How many were not sent, as they hold nothing. */
  empty: number;
}

/** A server answers at once or not at all: it only has to store a few kilobytes. */
const timeoutMs = 10_000;
const mostBytes = 32 * 1024 * 1024;
/** Of the answer to a profile that was not taken. */
const mostAnswerBytes = 4096;
const longestReason = 300;

/**
 * Sends each series to a Pyroscope server, one after the other. Throws GaugewayError unavailable for a server that
 * cannot be reached, or that does not take one: then those before it are there, and no later one was sent.
 */
export async function pushProfiles(
  server: PyroscopeServer,
  series: readonly ProfileSeries[],
  options: PushOptions,
): Promise<PushedProfiles> {
  const to = server.ingestUrl.href.replace(/\/ingest$/, '');
  const pushed: PushedProfiles = { to, application: server.application, profiles: 0, bytes: 0, empty: 0 };
  for (const each of series) {
    const set = options.weight === 'cpu' ? workOf(each.set) : each.set;
    if (isEmpty(set)) {
      pushed.empty += 1;
      continue;
    }
    try {
      pushed.bytes += await pushOne(server, { ...each, set }, options);
    } catch (cause) {
      const before = pushed.profiles === 0 ? '' : ` (${pushed.profiles} of ${series.length} are there)`;
      const reason = reasonOf(cause);
      throw new GaugewayError(
        'unavailable',
        `Pyroscope at ${to} did not take the profile${before}: ${reason}`,
        {
          cause,
        },
      );
    }
    pushed.profiles += 1;
  }
  return pushed;
}

function workOf(set: ProfileSet): ProfileSet {
  return { ...set, parts: set.parts.map((part) => ({ ...part, profile: withoutWaiting(part.profile) })) };
}

function isEmpty({ parts }: ProfileSet): boolean {
  return parts.every(({ profile }) => profile.nodes.every(({ self }) => self <= 0));
}

/** Resolves to the bytes that were sent. */
async function pushOne(
  server: PyroscopeServer,
  { labels, set }: ProfileSeries,
  { weight, rateHz }: PushOptions,
): Promise<number> {
  const profile = await promisify(gzip)(toPprof(maskSet(set), weight));
  if (profile.length > mostBytes) {
    throw new GaugewayError(
      'usage',
      `it has more than ${mostBytes / 1024 ** 2} MiB; record for a shorter time`,
    );
  }
  const url = new URL(server.ingestUrl);
  url.search = new URLSearchParams({
    name: seriesName(server.application, labels),
    ...rangeOf(set),
    ...(rateHz === undefined ? {} : { sampleRate: String(Math.round(rateHz)) }),
    spyName: 'gaugeway',
  }).toString();
  // Without `format=pprof`: then a server takes the whole body for the profile, and not the field of the form.
  const body = new FormData();
  body.append('profile', new Blob([new Uint8Array(profile)]), 'profile.pprof');
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { ...labAgentHeader, ...server.headers },
    // Credentials and profiles go where the user said, and nowhere else.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answer = await readBeginning(response);
  if (!response.ok) throw refusalOf(response, answer, server);
  return profile.length;
}

/** Unix time in seconds, which every version of the server takes. */
function rangeOf({ parts }: ProfileSet): { from: string; until: string } {
  const from = Math.floor(Math.min(...parts.map(({ profile }) => profile.startMs)) / 1000);
  const until = Math.ceil(Math.max(...parts.map(({ profile }) => profile.endMs)) / 1000);
  return { from: String(from), until: String(Math.max(from + 1, until)) };
}

async function readBeginning(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= mostAnswerBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostAnswerBytes).toString('utf8');
}

function refusalOf(
  { status, headers }: Response,
  answer: string,
  { secrets }: PyroscopeServer,
): GaugewayError {
  const hidden = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), answer);
  const said = oneLine(maskSecrets(hidden)).replaceAll(/\s+/g, ' ').trim().slice(0, longestReason);
  const advice = adviceOf(status, headers.get('location'));
  return new GaugewayError(
    'unavailable',
    `it answered with status ${status}${said === '' ? '' : ` (${said})`}${advice === '' ? '' : `; ${advice}`}`,
  );
}

function adviceOf(status: number, location: string | null): string {
  if (status >= 300 && status < 400) {
    const target = location === null ? '' : ` to ${oneLine(maskSecrets(location)).slice(0, 200)}`;
    return `a redirect${target} is not followed: give the address of the server itself`;
  }
  if (status === 401 || status === 403) {
    return (
      'credentials come from PYROSCOPE_AUTH_TOKEN, or PYROSCOPE_BASIC_AUTH_USER and _PASSWORD, the tenant from ' +
      'PYROSCOPE_TENANT_ID'
    );
  }
  if (status === 404) return 'is this a Pyroscope server? Give its address without a path of a page';
  if (status === 413) return 'record for a shorter time, or raise the limit of the server';
  return '';
}

function reasonOf(error: unknown): string {
  if (error instanceof GaugewayError) return error.message;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return `no answer within ${timeoutMs / 1000} s`;
  }
  // What fetch throws is a TypeError, whose cause says what happened to the network.
  const { cause = error } = error instanceof Error ? error : {};
  // Of a host with several addresses all of which failed; it says nothing itself.
  return outsideMessage(cause instanceof AggregateError ? cause.errors[0] : cause);
}
