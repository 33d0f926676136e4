import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { LoopbackServer } from './loopback-server.ts';

/** A profile as Pyroscope's `/ingest` is sent it. */
export interface ReceivedProfile {
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** The field `profile` of the form, as it came. */
  file: Buffer;
  /** By function: the weight of the stacks that it is the leaf of, or is on; by the last kind of value. */
  own: Map<string, number>;
  total: Map<string, number>;
  /** `samples/count`, for each kind of value. */
  sampleTypes: string[];
  decoded: Profile;
}

/** Takes profiles as a Pyroscope server does, and keeps them. `reply` may refuse them. */
export class PyroscopeReceiver extends LoopbackServer {
  readonly received: ReceivedProfile[] = [];
  reply: (response: ServerResponse) => void = (response) => response.end();

  static start(): Promise<PyroscopeReceiver> {
    return new PyroscopeReceiver().listen();
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    this.received.push(await receivedOf(request.url ?? '', request.headers, body));
    this.reply(response);
  }
}

async function receivedOf(
  target: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<ReceivedProfile> {
  const url = new URL(target, 'http://receiver');
  const type = { 'content-type': headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(body), { headers: type }).formData();
  const field = form.get('profile');
  if (field === null || typeof field === 'string') throw new Error('the form has no file named profile');
  const file = Buffer.from(await field.arrayBuffer());
  const decoded = Profile.decode(gunzipSync(file));
  const text = (at: unknown): string => decoded.stringTable.strings[Number(at)] ?? '';
  const nameOf = new Map(decoded.function.map(({ id, name }) => [Number(id), text(name)]));
  const functionOf = new Map(
    decoded.location.map(({ id, line }) => [Number(id), nameOf.get(Number(line[0]?.functionId)) ?? '']),
  );
  const own = new Map<string, number>();
  const total = new Map<string, number>();
  for (const { locationId, value } of decoded.sample) {
    const weight = Number(value.at(-1) ?? 0);
    const names = locationId.map((id) => functionOf.get(Number(id)) ?? '');
    own.set(names[0] ?? '', (own.get(names[0] ?? '') ?? 0) + weight);
    for (const name of new Set(names)) total.set(name, (total.get(name) ?? 0) + weight);
  }
  return {
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers,
    file,
    own,
    total,
    sampleTypes: decoded.sampleType.map(({ type: name, unit }) => `${text(name)}/${text(unit)}`),
    decoded,
  };
}
