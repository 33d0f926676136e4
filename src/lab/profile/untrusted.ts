import type { FrameMark } from './profile.ts';

/** Values of a parsed document that somebody else wrote: what is of another type is taken for absent. */
export function recordOf(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

export function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise;
}

/** What a file says of a frame's compiled code; undefined where it says nothing. */
export function marksFrom(value: unknown): FrameMark[] | undefined {
  const marks = arrayOf(value).flatMap((entry): FrameMark[] => {
    const mark = recordOf(entry);
    const kind = mark?.['kind'];
    if (kind !== 'deoptimised' && kind !== 'megamorphic') return [];
    return [{ kind, reason: textOf(mark?.['reason']), count: numberOf(mark?.['count'], 1) }];
  });
  return marks.length === 0 ? undefined : marks;
}
