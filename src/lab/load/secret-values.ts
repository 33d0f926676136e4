import { maskSecrets } from '../../shared/mask-secrets.ts';

/** Longer names are not read; they count as secret. */
const maxNameLength = 200;
/** A text is looked at in pieces of this length, for the patterns of secrets take a time that grows with its square. */
const pieceLength = 4_096;
/** Far over the length of what the patterns look for, so that nothing falls between two pieces. */
const overlap = 1_024;
/** Words that make a name secret wherever they stand in it. */
const secretWords = new Set([
  'auth',
  'authentication',
  'authorization',
  'bearer',
  'credential',
  'credentials',
  'cvc',
  'cvv',
  'hmac',
  'jwt',
  'mfa',
  'nonce',
  'otp',
  'pass',
  'passwd',
  'pin',
  'pwd',
  'sess',
  'sid',
  'sig',
  'sign',
  'signature',
  'totp',
]);
const secretWithinWord =
  /passw|passphrase|passcode|secret|credential|csrf|xsrf|cookie|session|sessid|token$|^oauth|^saml|(?:api|access|auth|private)key/;
/** Beside one of these a `code` is one that lets somebody in, and no country or status. */
const companyOfCode =
  /^(?:access|activation|backup|challenge|confirmation|device|invite|login|recovery|reset|security|sms|user|verification|verifier|verify)$/;

/** Whether a header, field or variable of this name, in any spelling, holds a secret whatever its value looks like. */
export function namesSecret(name: string): boolean {
  if (name.length > maxNameLength) return true;
  const words = name
    .split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
  if (words.some((word) => secretWords.has(word) || secretWithinWord.test(word))) return true;
  // Alone it is as often a key of a list as one of a door.
  if (words.includes('key')) return words.length > 1;
  return words.includes('code') && (words.length === 1 || words.some((word) => companyOfCode.test(word)));
}

/** Whether a field of this name ('' for a part of a path) or a text of this kind holds a secret. */
export function isSecret(name: string, value: string | number): boolean {
  return namesSecret(name) || looksSecret(String(value));
}

/** Whether a text shows by itself that it holds a secret: a token, or a field of a secret name with its value. */
export function looksSecret(text: string): boolean {
  if (looksRandom(text)) return true;
  for (let at = 0; at === 0 || at < text.length - overlap; at += pieceLength - overlap) {
    const piece = text.slice(at, at + pieceLength);
    if (maskSecrets(piece) !== piece) return true;
  }
  return false;
}

/**
 * Whether a text holds a long run that nobody would write: at least 16 letters and digits that change
 * places, or in both cases. A UUID is none: it names things more often than it opens them.
 */
function looksRandom(text: string): boolean {
  return (
    (text.match(/[A-Za-z0-9]{16,}/g) ?? []).some(isMixed) ||
    (text.match(/[\w-]{32,}/g) ?? []).some(
      (run) => isInBothCases(run) && (run.match(/[_-]/g) ?? []).length <= run.length / 8,
    )
  );
}

function isMixed(run: string): boolean {
  const changes = (run.match(/\d[A-Za-z]|[A-Za-z](?=\d)/g) ?? []).length;
  return changes >= 4 || (run.length >= 20 && isInBothCases(run));
}

/** With a digit, too: words that are written together have none. */
function isInBothCases(run: string): boolean {
  return /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run);
}
