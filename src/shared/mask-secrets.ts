const secretWords =
  '[a-z0-9]{0,30}passw(?:or)?d|passphrase|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|token|(?:api|access|private)[_-]?key|authorization';
const secretName = new RegExp(`(?:^|[^a-z0-9])(?:${secretWords})$`, 'i');
/** Not after a letter or a digit, so that `access_token` and `JWT_SECRET_KEY` are secrets and `tokens` is none. */
const named = `(?<![a-z0-9])(${secretWords})`;
const isSetTo = String.raw`\s*(?:[=-]>|[=:])\s*`;

const rules: readonly [RegExp, string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 ***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***jwt***'],
  // A password may hold @ and / itself: the last @ before a blank or a quote counts. A port is no password.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@[]*):(?!\d{1,5}(?:[/?#]|$))[^\s"']+@/gi, '$1:***@'],
  // All that a cookie holds, to the end of its line or its text in JSON.
  [/\b((?:set-)?cookie\\?["']?\s*[:=]\s*\\?["']?)[^"\n\\]+/gi, '$1***'],
  // What stands in quotes may hold blanks.
  [new RegExp(String.raw`${named}(["']?${isSetTo})(["'])(?:(?!\3)[^\\\n]|\\.)*\3`, 'gi'), '$1$2$3***$3'],
  [
    new RegExp(
      String.raw`${named}(\\?["']?${isSetTo}\\?["']?)(?!["']?\*\*\*)(?:[^\s",;&}\\]|\\(?!"))+`,
      'gi',
    ),
    '$1$2***',
  ],
  // On a command line; a short word in small letters behind it makes a sentence, as our own messages do.
  [
    new RegExp(
      String.raw`(?<![\w-])(--(?:[a-z0-9]{1,30}-){0,3}(?:${secretWords})\s+)(?![-<[])(?![a-z]{1,11}(?![^\s,;:.]))[^\s"']+`,
      'g',
    ),
    '$1***',
  ],
];

/** Hides tokens, passwords and the password part of URLs and DSNs in text meant for logs, bundles and reports. */
export function maskSecrets(text: string): string {
  return rules.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** Whether a field of this name, e.g. `password` or `access_token`, holds a secret whatever its value looks like. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}
