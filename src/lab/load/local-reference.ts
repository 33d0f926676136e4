import { isRecord } from '../../protocol/record.ts';
import { percentDecode } from './percent-decode.ts';

/**
 * What a `$ref` leads to within its own document, by its JSON Pointer (RFC 6901); undefined where that is nothing, or
 * outside: a document must not make anybody fetch another one.
 */
export function followReference(document: unknown, reference: string): unknown {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined;
  let node = document;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = percentDecode(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(node)) node = node[Number(key)];
    else node = isRecord(node) && Object.hasOwn(node, key) ? node[key] : undefined;
  }
  return node;
}
