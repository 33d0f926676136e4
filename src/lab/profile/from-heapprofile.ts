import { GaugewayError } from '../../shared/errors.ts';
import type { Profile } from './profile.ts';
import { ProfileBuilder } from './profile-builder.ts';
import { pathFromUrl } from './path-from-url.ts';
import { arrayOf, numberOf, recordOf, textOf } from './untrusted.ts';

/**
 * Reads V8's sampling allocation profile (`.heapprofile`; Chrome DevTools Protocol, `HeapProfiler.SamplingHeapProfile`).
 * Throws GaugewayError source_unreadable when it is no such document.
 */
export function fromHeapProfile(
  document: unknown,
  {
    name,
    startMs = 0,
    endMs = startMs,
    interval = 0,
  }: { name: string; startMs?: number; endMs?: number; interval?: number },
): Profile {
  const head = recordOf(recordOf(document)?.['head']);
  if (head === undefined || recordOf(head['callFrame']) === undefined) {
    throw new GaugewayError('source_unreadable', `${name} is not a V8 allocation profile`);
  }
  const builder = new ProfileBuilder(name);
  const sizes: { node: number; bytes: number }[] = [];
  const pending: { value: Record<string, unknown>; parent: number }[] = [{ value: head, parent: -1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, parent } = next;
    const callFrame = recordOf(value['callFrame']) ?? {};
    const node =
      parent < 0
        ? 0
        : builder.child(
            parent,
            builder.frame({
              name: textOf(callFrame['functionName']) || '(anonymous)',
              file: pathFromUrl(textOf(callFrame['url'])),
              line: numberOf(callFrame['lineNumber'], -1) + 1,
              column: numberOf(callFrame['columnNumber'], -1) + 1,
            }),
          );
    sizes.push({ node, bytes: numberOf(value['selfSize']) });
    for (const child of arrayOf(value['children']).toReversed()) {
      const below = recordOf(child);
      if (below !== undefined) pending.push({ value: below, parent: node });
    }
  }
  for (const { node, bytes } of sizes) builder.add(node, bytes);
  return builder.build({ unit: 'bytes', order: 'none', interval, startMs, endMs });
}
