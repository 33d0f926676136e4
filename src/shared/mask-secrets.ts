const rules: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***jwt***'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:***@'],
  [/\b(password|passwd|pwd|secret|token|api[_-]?key|authorization)("?\s*[=:]\s*"?)[^\s",;&}]+/gi, '$1$2***'],
];

/** Hides tokens, passwords and the password part of URLs and DSNs in text meant for logs, bundles and reports. */
export function maskSecrets(text: string): string {
  return rules.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}
