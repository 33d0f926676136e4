import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { GaugewayError } from '../../shared/errors.ts';

/** Reads a JSON request body as text. Throws GaugewayError unsupported_media_type, body_too_large, parse_error. */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const { headers } = req;
    if (!isJson(headers['content-type'])) {
      throw new GaugewayError('unsupported_media_type', 'Content-Type must be application/json');
    }
    if (headers['content-encoding'] !== undefined) {
      throw new GaugewayError('unsupported_media_type', 'compressed bodies are not accepted');
    }
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);

    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        req.pause();
        reject(tooLarge(maxBytes));
      } else if (first === undefined) first = chunk;
      else (rest ??= [first]).push(chunk);
    });
    req.on('end', () => {
      const body = rest === undefined ? first : Buffer.concat(rest);
      if (body === undefined) reject(new GaugewayError('parse_error', 'the body is empty'));
      else if (!isUtf8(body)) reject(new GaugewayError('parse_error', 'the body is not valid UTF-8'));
      else resolve(body.toString('utf8'));
    });
    req.on('error', (cause) => {
      reject(new GaugewayError('interrupted', 'the client has gone', { cause }));
    });
  });
}

function isJson(contentType: string | undefined): boolean {
  return contentType === 'application/json' || /^application\/json\s*(;|$)/i.test(contentType ?? '');
}

function tooLarge(maxBytes: number): GaugewayError {
  return new GaugewayError('body_too_large', `the body is larger than ${maxBytes} bytes`);
}
