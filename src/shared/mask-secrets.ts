const secretWords = 'password|passwd|pwd|secret(?:[_-]?key)?|token|api[_-]?key|authorization';
const secretName = new RegExp(`(?:^|[^a-z0-9])(?:${secretWords})$`, 'i');

const rules: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***jwt***'],
  // A password may hold @ itself: the last one before the host counts.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/"']+@/gi, '$1:***@'],
  // Not after a letter or a digit, so that `access_token` and `JWT_SECRET_KEY` are secrets and `tokens` is none.
  [new RegExp(`(?<![a-z0-9])(${secretWords})("?\\s*[=:]\\s*"?)[^\\s",;&}]+`, 'gi'), '$1$2***'],
];

/** Hides tokens, passwords and the password part of URLs and DSNs in text meant for logs, bundles and reports. */
export function maskSecrets(text: string): string {
  return rules.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** Whether a field of this name, e.g. `password` or `access_token`, holds a secret whatever its value looks like. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}
