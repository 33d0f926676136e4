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
  const program = all[0] ?? '';
  const masked = all.map((word, at) =>
    isSecretOption(all[at - 1])
      ? '***'
      : maskSetting(maskLogin(word, { before: all[at - 1] ?? '', program })),
  );
  return maskSecrets(oneLine(masked.join(' ')));
}

function isSecretOption(word = ''): boolean {
  const [, name = ''] = /^--?([a-z][\w.-]{0,80})$/i.exec(word) ?? [];
  return isSecret(name);
}

/** As curl and its like take `-u name:password` and `--user=name:password`, and the clients of MySQL `-ppassword`. */
function maskLogin(word: string, { before, program }: { before: string; program: string }): string {
  if (/(?:^|\/)(?:mysql|mariadb)[\w-]*$/.test(program)) return word.replace(/^-p.+$/s, '-p***');
  if (/^(?:-u|--user)$/.test(before)) return word.replace(/^([^:]{1,200}):.+$/s, '$1:***');
  return word.replace(/^(-u|--user=)([^:/]{1,200}):.+$/s, '$1$2:***');
}

function maskSetting(word: string): string {
  const [, start = ''] = /^((?:--?)?[a-z_][\w.-]{0,80}=)./is.exec(word) ?? [];
  return isSecret(start.slice(0, -1)) ? `${start}***` : word;
}

/** Also what prose uses otherwise: `--pass`, `DB_PASS`, Redis's `--requirepass` and `--masterauth`. */
function isSecret(name: string): boolean {
  return isSecretName(name) || /(?:(?:^|[_-]|require)pass|masterauth)$/i.test(name);
}
