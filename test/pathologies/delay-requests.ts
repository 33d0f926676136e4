import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * Runs `before` for each request of this process that `wanted` picks by its URL and body, and lets the request
 * arrive only when it is done: as if the service did that work first. For modules given to Node by `--import`.
 */
export function delayRequests(
  wanted: (request: { url: string; body: string }) => boolean,
  before: () => Promise<void>,
): void {
  const bodies = new WeakMap<IncomingMessage, string>();
  IncomingMessage.prototype.push = function (chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk instanceof Uint8Array) {
      bodies.set(this, (bodies.get(this) ?? '') + Buffer.from(chunk).toString());
    }
    // Null is the end of the body. Answers, which this process reads as a client, have no URL.
    const { url = '' } = this;
    if (chunk !== null || url === '' || !wanted({ url, body: bodies.get(this) ?? '' })) {
      return Readable.prototype.push.call(this, chunk, encoding);
    }
    before().then(
      () => Readable.prototype.push.call(this, null),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return true;
  };
}

/** The DSN that the gateway was started with. */
export function gatewayDsn(): string {
  const dsn = process.env['DATABASE_URL'];
  if (dsn === undefined) throw new Error('DATABASE_URL is not set: this module runs inside the gateway');
  return dsn;
}
