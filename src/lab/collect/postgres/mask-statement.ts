import { maskSecrets } from '../../../shared/mask-secrets.ts';

/**
 * What in SQL is no plain code, in the order in which it is tried: comments; quoted names; constants as E'…' with
 * backslashes, '…' with doubled quotes, $tag$…$tag$. The end of a text that was cut off ends them too.
 */
const special =
  /--[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:[^"]|"")*(?:"|$)|\b[eE]'(?:[^'\\]|\\[^]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|(?<tag>\$(?:[A-Za-z_]\w*)?\$)[^]*?(?:\k<tag>|$)/g;

/** Hides the string constants and secrets of a statement; numbers stay, as `SELECT 1` must be told from others. */
export function maskStatement(sql: string): string {
  return maskSecrets(replaceSpecial(sql, (comment) => comment));
}

/** The code of a statement: every string constant is `'***'`, every comment a space. */
export function codeOf(sql: string): string {
  return replaceSpecial(sql, () => ' ');
}

function replaceSpecial(sql: string, ofComment: (comment: string) => string): string {
  return sql.replaceAll(special, (text: string) => {
    if (text.startsWith('--') || text.startsWith('/*')) return ofComment(text);
    return text.startsWith('"') ? text : "'***'";
  });
}
