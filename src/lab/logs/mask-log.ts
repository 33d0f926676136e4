import { maskSecrets } from '../../shared/mask-secrets.ts';

const secretKey = String.raw`[\w.-]{0,60}(?:passw(?:or)?d|pwd|passphrase|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|authorization|credentials?|session(?:_?id)?|sessid|signature|\bsig|jwt|csrf|otp)[\w-]{0,60}`;

const headerName = String.raw`\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,60}(?:key|token|secret|auth)[\w-]{0,60})`;

const rules: readonly [RegExp, string][] = [
  // Headers that let somebody in: the value in its quotes, or all that follows on the line.
  [
    new RegExp(
      String.raw`${headerName}(["']\s*[:=,]\s*)(?:"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$))`,
      'gi',
    ),
    '$1$2"***"',
  ],
  [new RegExp(String.raw`${headerName}(\s*[:=]\s*).+`, 'gi'), '$1$2***'],
  // The fields of JSON, of Python's and JavaScript's objects; with escaped quotes, JSON within JSON.
  [
    new RegExp(
      String.raw`(\\?["']${secretKey}\\?["']\s*[:,]\s*)(\\?["'])(?:(?!\2)(?:[^\\]|\\.))*(?:\2|$)`,
      'gi',
    ),
    '$1$2***$2',
  ],
  [new RegExp(String.raw`(\\?["']${secretKey}\\?["']\s*:\s*)[\d.-]{4,}`, 'gi'), '$1***'],
  // Fields of a query string, a form, logfmt, or a command line.
  [
    new RegExp(
      String.raw`((?:^|[?&;\s,({\[])(?:--)?${secretKey}\s*=\s*)(?:"[^"]*"|'[^']*'|[^\s&;,"')}\]]+)`,
      'gi',
    ),
    '$1***',
  ],
  [new RegExp(String.raw`((?:^|\s)--?${secretKey}\s+)(?!-)[^\s"']+`, 'gi'), '$1***'],
  // As somebody writes a header in words.
  [
    /\b(x-(?:\w{1,30}-){0,3}(?:key|token|secret|auth)\s+)(?!(?:header|is|was|not|missing|must)\b)[^\s"':=]+/gi,
    '$1***',
  ],
  // The body of a key, a line of which has nothing else in it.
  [/^(?=.*[A-Za-z0-9])[A-Za-z0-9+/=]{48,}$/g, '***'],
  [/([?&](?:code|state|key|auth|sid|sign)=)[^&\s"']+/gi, '$1***'],
  [
    /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|sk-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|AKIA[A-Z0-9]{16}|AIza[\w-]{30,})/g,
    '***',
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '***private key***'],
];

/** The patterns take a time that grows with the square of a line: what is beyond is left out. */
const maxLineLength = 4096;

/**
 * Hides what a log may tell to nobody: what {@link maskSecrets} hides, and cookies, headers, query strings and fields
 * that are named like secrets, in whatever notation. Long lines are cut.
 */
export function maskLogText(text: string): string {
  return text.split('\n').map(maskLine).join('\n');
}

function maskLine(line: string): string {
  const cut = line.length <= maxLineLength ? line : `${line.slice(0, maxLineLength)}…`;
  return maskSecrets(
    rules.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), cut),
  );
}
