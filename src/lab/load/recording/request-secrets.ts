import { looksSecret, namesSecret } from '../secret-values.ts';

/** What the client of a load says by itself (also of MCP), or what belongs to the browser that was recorded. */
const ofTheBrowser =
  /^(:.*|sec-.*|accept-encoding|accept-language|cache-control|connection|content-length|dnt|expect|forwarded|host|if-modified-since|if-none-match|keep-alive|last-event-id|origin|pragma|priority|proxy-.*|referer|te|trailer|transfer-encoding|upgrade|upgrade-insecure-requests|user-agent|via|x-forwarded-.*|x-client-data)$/;
/** Names of secrets in a text that has no fields of its own. */
const secretWord =
  /passw|passphrase|passcode|secret|token|credential|cookie|session|csrf|xsrf|signature|api.?key|private.?key|\b(?:auth|code|otp|pin|pwd|sid|sig)\b/i;

const maxHeaderLength = 4_096;

/** What becomes of a recorded header. */
export type HeaderUse = 'kept' | 'secret' | 'browser';

/**
 * Only what changes an answer and is no secret is kept. A header of an unknown name whose value looks like a token counts
 * as a secret: a scenario is a file that is passed on.
 */
export function useOfHeader(name: string, value: string): HeaderUse {
  if (name.startsWith('mcp-')) return 'browser';
  if (namesSecret(name)) return 'secret';
  if (ofTheBrowser.test(name) || (name === 'accept' && value === '*/*')) return 'browser';
  if (name === 'accept' || name === 'content-type') return 'kept';
  return value.length > maxHeaderLength || looksSecret(value) ? 'secret' : 'kept';
}

/** Whether a part of a path holds a secret, also in its parameters: `;jsessionid=…`. */
export function isSecretPart(part: string): boolean {
  const [, ...parameters] = part.split(';');
  return looksSecret(part) || parameters.some((parameter) => namesSecret(parameter.split('=', 1)[0] ?? ''));
}

/** Whether a text without fields may hold one. */
export function mayHoldSecret(text: string): boolean {
  return secretWord.test(text) || looksSecret(text);
}
