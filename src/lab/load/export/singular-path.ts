/** A member name, or an index that may count from the end. */
export type PathPart = string | number;

const segment =
  /\.([A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)|\[\s*(?:'([^'\\]*)'|"([^"\\]*)"|(-?\d+))\s*\]/gy;

/**
 * The parts of a JSONPath that names one place (a singular query, RFC 9535 §2.3.5.1), e.g. `$.items[0].id`; undefined for
 * one that can match several, or whose names hold escapes.
 */
export function singularPath(path: string): PathPart[] | undefined {
  const parts: PathPart[] = [];
  segment.lastIndex = 1;
  while (segment.lastIndex < path.length) {
    const found = segment.exec(path);
    if (found === null) return undefined;
    const [, dotted, single, double, index] = found;
    parts.push(index === undefined ? (dotted ?? single ?? double ?? '') : Number(index));
  }
  return path.startsWith('$') ? parts : undefined;
}
