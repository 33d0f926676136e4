import type { Frame } from './profile.ts';

/** Back from `name (file:line)`; a label of another shape is a name without a place. */
export function frameFromLabel(label: string): Frame {
  const open = openingOfLast(label);
  const nameless = { name: label, file: '', line: 0, column: 0 };
  if (open < 2 || label[open - 1] !== ' ') return nameless;
  const place = label.slice(open + 1, -1);
  const [, file = place, line = '0'] = /^(.*?):(\d{1,9})$/.exec(place) ?? [];
  const isPlace = line !== '0' || /[/\\.:[<]/.test(file);
  return isPlace ? { name: label.slice(0, open - 1), file, line: Number(line), column: 0 } : nameless;
}

/** Where the parenthesis opens that the end of the label closes; paths may hold others. -1 where none does. */
function openingOfLast(label: string): number {
  if (!label.endsWith(')')) return -1;
  let depth = 0;
  for (let at = label.length - 1; at >= 0; at -= 1) {
    if (label[at] === ')') depth += 1;
    if (label[at] === '(') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
