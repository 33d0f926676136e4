import { GaugewayError } from '../../shared/errors.ts';
import { boundedFrames } from './profile-builder.ts';
import { type LabelledStack, fromStacks, type StackUnit } from './from-stacks.ts';
import type { ProfileSet } from './profile-set.ts';
import { foldedBytesLine } from './to-folded.ts';
import { weighSamples } from './weigh-unit.ts';

/**
 * The folded file does not say what it counts. Counts of samples have a long tail of small numbers, times in
 * microseconds, as {@link toFolded} writes them, have none: half of the stacks weigh more than this many.
 */
const leastTypicalUs = 200;

/**
 * Reads folded stacks, one `frame;frame;frame value` a line: py-spy's (`-f raw`), those of Brendan Gregg's tools, and
 * our own, which say so where they count bytes. `weigh` tells what other values count; without it they are taken for
 * microseconds or for samples of 10 ms by their size, which the facts say. Throws GaugewayError source_unreadable, which names the line.
 */
export function fromFolded(text: string, { name, weigh }: { name: string; weigh?: StackUnit }): ProfileSet {
  const stacks = readLines(text, name);
  if (text.startsWith(`${foldedBytesLine}\n`)) {
    return fromStacks(stacks, { name, unit: 'bytes', perValue: 1, interval: 0 });
  }
  if (weigh !== undefined) return fromStacks(stacks, { name, ...weigh });
  const guessed = guessUnit(stacks.map(({ value }) => value));
  const readAs = guessed.perValue === 1 ? 'microseconds' : 'samples, 100 a second';
  const facts = [
    `The file does not say what its values count: they were read as ${readAs}, by their size; --rate says that they are samples, and of what rate.`,
  ];
  return fromStacks(stacks, { name, facts, ...guessed });
}

function readLines(text: string, name: string): LabelledStack[] {
  const stacks: LabelledStack[] = [];
  const count = boundedFrames(name);
  let lineNumber = 0;
  for (const raw of text.split('\n')) {
    lineNumber += 1;
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const gap = line.lastIndexOf(' ');
    const value = line.slice(gap + 1);
    if (gap < 1 || !/^\d+(?:\.\d+)?$/.test(value)) {
      throw new GaugewayError(
        'source_unreadable',
        `${name} is no profile that Gaugeway can read: as folded stacks, line ${lineNumber} does not end in a number`,
      );
    }
    const path = line.slice(0, gap).trimEnd();
    const labels = path === '(root)' ? [] : path.split(';').filter((label) => label !== '');
    count(labels.length);
    stacks.push({ labels, value: Number(value) });
  }
  if (stacks.length === 0) throw new GaugewayError('source_unreadable', `${name} holds no stacks`);
  return stacks;
}

function guessUnit(values: number[]): StackUnit {
  const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return median >= leastTypicalUs ? { unit: 'microseconds', perValue: 1, interval: 0 } : weighSamples();
}
