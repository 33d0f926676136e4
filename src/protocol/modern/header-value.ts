const sentinel = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;
const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * A value for a mirrored header (`Mcp-Name`, `Mcp-Param-*`): as it is when it is safe ASCII without blanks at its
 * ends, else in the base64 form `=?base64?…?=`, in which a value that looks like that form is put as well.
 */
export function encodeHeaderValue(value: string): string {
  if (plain.test(value) && !value.startsWith('=?base64?')) return value;
  return `=?base64?${Buffer.from(value).toString('base64')}?=`;
}

/** The value that a mirrored header stands for; undefined when its base64 form is broken. */
export function decodeHeaderValue(header: string): string | undefined {
  const value = header.replace(/^[ \t]+|[ \t]+$/g, '');
  if (!value.startsWith('=?base64?')) return value;
  const encoded = sentinel.exec(value)?.[1];
  if (encoded === undefined || encoded.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
}
