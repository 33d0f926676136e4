import { isSecretName, maskSecrets } from './mask-secrets.ts';
import { oneLine } from './one-line.ts';

/**
 * A command line as one line without secrets: the word after an option that is named like a secret (`--password x`),
 * what such an option or variable is set to (`--password=x`, `PASSWORD=x`), and what {@link maskSecrets} hides. Whatever
 * the secret looks like: words of a command are no prose. A process that has named itself has one word, which is split.
 */
export function maskCommand(words: readonly string[]): string {
  const [only = ''] = words;
  const all = words.length === 1 ? only.split(' ') : words;
  const masked = all.map((word, at) => (isSecretOption(all[at - 1]) ? '***' : maskSetting(word)));
  return maskSecrets(oneLine(masked.join(' ')));
}

function isSecretOption(word = ''): boolean {
  const [, name = ''] = /^--?([a-z][\w.-]{0,80})$/i.exec(word) ?? [];
  return isSecretName(name);
}

function maskSetting(word: string): string {
  const [, start = ''] = /^((?:--?)?[a-z_][\w.-]{0,80}=)./is.exec(word) ?? [];
  return isSecretName(start.slice(0, -1)) ? `${start}***` : word;
}
