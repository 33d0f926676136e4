import { GaugewayError } from '../../shared/errors.ts';
import type { Frame, Profile } from './profile.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { ProfileSet } from './profile-set.ts';
import { arrayOf, marksFrom, numberOf, recordOf, textOf } from './untrusted.ts';

/**
 * Reads back the data of one of our pages or drawings, a `ProfilePageData`; of a page of a difference the parts that
 * were compared with others. Throws GaugewayError source_unreadable when it holds no profile.
 */
export function fromPageData(data: unknown, { name }: { name: string }): ProfileSet {
  const page = recordOf(data);
  const parts = arrayOf(page?.['parts']);
  if (page === undefined || parts.length === 0) {
    throw new GaugewayError('source_unreadable', `${name} holds no profile`);
  }
  return {
    title: textOf(page['title']) || name,
    facts: arrayOf(page['facts']).filter((fact) => typeof fact === 'string'),
    parts: parts.map((value, index) => {
      const part = recordOf(value);
      const label = textOf(part?.['label']) || `part ${index + 1}`;
      return { label, profile: unpack(recordOf(part?.['profile']) ?? {}, name) };
    }),
  };
}

/** As `unpackProfile`, of columns that anybody may have written. */
function unpack(packed: Record<string, unknown>, name: string): Profile {
  const builder = new ProfileBuilder(name);
  const frames = framesOf(recordOf(packed['frames']) ?? {});
  const columns = recordOf(packed['nodes']) ?? {};
  const [frameOf, parentOf, selfOf] = [
    arrayOf(columns['frame']),
    arrayOf(columns['parent']),
    arrayOf(columns['self']),
  ];
  const nodeAt: number[] = [];
  frameOf.forEach((frameIndex, index) => {
    const parent = numberOf(parentOf[index], -1);
    const frame = frames[numberOf(frameIndex, -1)];
    const above = nodeAt[parent];
    const isRoot = parent < 0 && frame?.name === '(root)';
    if (frame === undefined || (parent >= 0 && above === undefined)) {
      throw new GaugewayError('source_unreadable', `${name}: the tree of its profile is broken`);
    }
    nodeAt.push(isRoot ? 0 : builder.child(above ?? 0, builder.frame(frame)));
  });
  const samples = recordOf(packed['samples']) ?? {};
  const weights = arrayOf(samples['weight']);
  const sampled = arrayOf(samples['node']);
  if (sampled.length > 0) {
    sampled.forEach((node, index) => builder.add(nodeAt[numberOf(node, -1)] ?? -1, numberOf(weights[index])));
  } else {
    selfOf.forEach((self, index) => builder.add(nodeAt[index] ?? -1, numberOf(self)));
  }
  const startMs = numberOf(packed['startMs']);
  return builder.build({
    name: textOf(packed['name']) || name,
    unit: packed['unit'] === 'bytes' ? 'bytes' : 'microseconds',
    order: packed['order'] === 'time' && sampled.length > 0 ? 'time' : 'none',
    interval: numberOf(packed['interval']),
    startMs,
    endMs: numberOf(packed['endMs'], startMs),
  });
}

function framesOf(columns: Record<string, unknown>): Frame[] {
  const [files, lines, places] = [
    arrayOf(columns['file']),
    arrayOf(columns['line']),
    arrayOf(columns['column']),
  ];
  const marks = recordOf(columns['marks']) ?? {};
  return arrayOf(columns['name']).map((name, index) => {
    const known = marksFrom(marks[String(index)]);
    return {
      name: textOf(name),
      file: textOf(files[index]),
      line: numberOf(lines[index]),
      column: numberOf(places[index]),
      ...(known === undefined ? {} : { marks: known }),
    };
  });
}
