import { isSecretName, maskSecrets } from '../../../shared/mask-secrets.ts';

/** What the client of a load says by itself (also of MCP), or what belongs to the browser that was recorded. */
const ofTheBrowser =
  /^(:.*|sec-.*|accept-encoding|accept-language|cache-control|connection|content-length|dnt|expect|forwarded|host|if-modified-since|if-none-match|keep-alive|last-event-id|origin|pragma|priority|proxy-.*|referer|te|trailer|transfer-encoding|upgrade|upgrade-insecure-requests|user-agent|via|x-forwarded-.*|x-client-data)$/;
const secretWords = /auth|cookie|credential|csrf|key|passw|secret|session|sign|token|xsrf/;

const maxHeaderLength = 4_096;

/** What becomes of a recorded header. */
export type HeaderUse = 'kept' | 'secret' | 'browser';

/**
 * Only what changes an answer and is no secret is kept. A header of an unknown name whose value looks like a token counts
 * as a secret: a scenario is a file that is passed on.
 */
export function useOfHeader(name: string, value: string): HeaderUse {
  if (name.startsWith('mcp-')) return 'browser';
  if (secretWords.test(name) || isSecretName(name)) return 'secret';
  if (ofTheBrowser.test(name) || (name === 'accept' && value === '*/*')) return 'browser';
  if (name === 'accept' || name === 'content-type') return 'kept';
  return looksRandom(value) || value.length > maxHeaderLength ? 'secret' : 'kept';
}

function looksRandom(value: string): boolean {
  return (value.match(/[\w+/=.~-]{16,}/g) ?? []).some((run) => /\d/.test(run) && /[A-Za-z]/.test(run));
}

/** Whether a field of this name, in any spelling, or a text of this kind holds a secret. */
export function isSecret(key: string, value: string | number): boolean {
  const words = key.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2');
  return (
    isSecretName(words) ||
    /passphrase|credential|passw/i.test(key) ||
    maskSecrets(String(value)) !== String(value)
  );
}

/** Whether a text without fields may hold one. */
export function mayHoldSecret(text: string): boolean {
  return /passw|passphrase|secret|token|credential/i.test(text) || maskSecrets(text) !== text;
}
