import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PerfSamples } from './perf-samples.ts';

const file = join(import.meta.dirname, '../../../test/fixtures/profiles/perf-script.txt');

test('pieces that end anywhere give the same samples as the whole text', async () => {
  const text = await readFile(file, 'utf8');
  const whole = new PerfSamples();
  whole.add(text);
  const inPieces = new PerfSamples();
  for (let at = 0; at < text.length; at += 7) inPieces.add(text.slice(at, at + 7));
  const threads = whole.end();
  expect(threads.length).toBeGreaterThan(1);
  expect(inPieces.end()).toEqual(threads);
});

test('a line without an end takes no memory, and is no part of a sample', () => {
  const samples = new PerfSamples();
  samples.add('app 7/7 1.000001: 10000000 cpu-clock: \n\t 1f main+0x1 (/bin/app)\n\t 2f ');
  // As many characters as no string can hold.
  for (let pieces = 0; pieces < 600; pieces += 1) samples.add('x'.repeat(1_000_000));
  samples.add('\n\t 3f start+0x1 (/bin/app)\n');
  expect(samples.end()[0]?.samples[0]?.stack.map(({ name }) => name)).toEqual(['start', 'main']);
});
