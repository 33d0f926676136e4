import { createHash } from 'node:crypto';

/**
 * A Node program that takes one core with work as servers do it: JSON there and back, regular expressions, short-lived
 * objects, a hash and recursion some 60 frames deep, with a turn of the event loop after each unit. To each line on
 * stdin it answers with `{ units, cpuMs, atMs }`; it ends with stdin.
 */
interface Item {
  id: number;
  name: string;
  tags: string[];
  children: Item[];
}

const branches = 2;
const levels = 5;
const depth = 60;
let units = 0;

function grow(level: number, id: number): Item {
  const children =
    level === 0 ? [] : Array.from({ length: branches }, (_, at) => grow(level - 1, id * branches + at));
  return { id, name: `item-${id} of ${level}`, tags: [`tag${id % 7}`, `level=${level}`], children };
}

function names(item: Item): string[] {
  return [item.name, ...item.children.flatMap(names)];
}

function descend(text: string, left: number): number {
  if (left === 0)
    return [...text.matchAll(/item-(\d+) of (\d)/g)].reduce((sum, [, id]) => sum + Number(id), 0);
  return descend(text, left - 1) + 1;
}

function work(): void {
  const text = JSON.stringify(grow(levels, units % 100));
  const parsed: Item = JSON.parse(text);
  const sum = descend(names(parsed).join('\n'), depth);
  const sorted = names(parsed).toSorted((a, b) => (a < b ? -1 : 1));
  createHash('sha256').update(`${sum}${sorted.join()}`).digest('hex');
  units += 1;
}

function turn(): void {
  work();
  setImmediate(turn);
}

process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(
    `${JSON.stringify({ units, cpuMs: (user + system) / 1000, atMs: performance.now() })}\n`,
  );
});
process.stdin.on('end', () => process.exit());
turn();
