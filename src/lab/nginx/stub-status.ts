import { request } from 'undici';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { labAgentHeader } from '../../shared/lab-agent.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';
import type { NginxSample } from '../timeline/samples/nginx-sample.ts';

const boundMs = 2000;
const maxBodyBytes = 4096;

/** What a look at `stub_status` is called: its URL without credentials and query. */
export function stubStatusTarget(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/**
 * Reads `stub_status` at exactly this URL: no redirect is followed. The look itself is among its counts: one request,
 * and at the first look one connection. Throws GaugewayError source_unreadable.
 */
export async function readStubStatus(url: string, signal: AbortSignal): Promise<NginxSample> {
  const target = stubStatusTarget(url);
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(boundMs)]);
    const { statusCode, body } = await request(url, {
      signal: bounded,
      headers: { ...labAgentHeader, ...authorization(url) },
    });
    let text = '';
    for await (const chunk of body.setEncoding('utf8')) {
      text += String(chunk);
      if (text.length > maxBodyBytes) break;
    }
    const sample = statusCode === 200 ? parseStubStatus(text) : undefined;
    if (sample !== undefined) return sample;
    throw new GaugewayError(
      'source_unreadable',
      statusCode === 200
        ? `${target} is no stub_status: nginx needs \`location = /nginx_status { stub_status; }\``
        : `${target} answered with status ${statusCode}${statusCode === 403 ? ': nginx has to allow this machine' : ''}`,
    );
  } catch (cause) {
    if (cause instanceof GaugewayError) throw cause;
    throw new GaugewayError(
      'source_unreadable',
      `${target} cannot be read: ${maskSecrets(messageOf(cause))}`,
      {
        cause,
      },
    );
  }
}

/** Undefined when the text is something else. */
export function parseStubStatus(text: string): NginxSample | undefined {
  const match =
    /^Active connections: (\d+)\s+server accepts handled requests\s+(\d+) (\d+) (\d+)\s+Reading: (\d+) Writing: (\d+) Waiting: (\d+)/.exec(
      text,
    );
  if (match === null) return undefined;
  const [active = 0, accepts = 0, handled = 0, requests = 0, reading = 0, writing = 0, waiting = 0] = match
    .slice(1)
    .map(Number);
  return { active, accepts, handled, requests, reading, writing, waiting };
}

function authorization(url: string): Record<string, string> {
  const { username, password } = new URL(url);
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
