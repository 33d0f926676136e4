import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findOlderNode } from '../../../../test/integration/older-node.ts';
import { title } from '../../../../test/support/requires.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import type { FrameMark } from '../../profile/profile.ts';
import { fromCpuProfile } from '../../profile/from-cpuprofile.ts';
import { readFlame } from '../../profile/read-flame.ts';
import { type FunctionMarks, markProfile, v8LogFlags, v8LogMarks } from './v8-log.ts';

/**
 * Functions that take time: one reads a property of objects of twelve shapes, one is given new shapes each time that V8
 * has compiled it for the last one, which V8 is told to do when; another does that in a small function which V8 takes
 * into its code; one adds integers. What comes before the profile is logged: V8 does not write its log while it profiles.
 */
const program = `
import { Session } from 'node:inspector/promises';
import { writeFileSync } from 'node:fs';
const shapes = Array.from({ length: 12 }, (_, at) => ({ ['k' + at]: 1, id: at }));
function manyShapes(rounds) {
  let sum = 0;
  for (let round = 0; round < rounds; round += 1) sum += shapes[round % 12].id;
  return sum;
}
function changing(object, rounds) {
  let sum = 0;
  for (let round = 0; round < rounds; round += 1) sum += object.first + object.second;
  return sum;
}
function small(object) {
  return object.first * object.second;
}
function takesIn(object, rounds) {
  let sum = 0;
  for (let round = 0; round < rounds; round += 1) sum += small(object);
  return sum;
}
function healthy(rounds) {
  let sum = 0;
  for (let round = 0; round < rounds; round += 1) sum = (sum * 31 + round) | 0;
  return sum;
}
const changes = [
  { first: 1, second: 2 },
  { second: 1.5, first: 2.5 },
  { x: 1, first: 1, second: 2 },
  { y: 1, first: 'a', second: 'b' },
];
for (const object of changes) {
  %PrepareFunctionForOptimization(changing);
  changing(object, 10);
  changing(object, 10);
  %OptimizeFunctionOnNextCall(changing);
  changing(object, 10);
  %PrepareFunctionForOptimization(small);
  %PrepareFunctionForOptimization(takesIn);
  takesIn(object, 10);
  takesIn(object, 10);
  %OptimizeFunctionOnNextCall(takesIn);
  takesIn(object, 10);
}
manyShapes(100);
healthy(100);
function work() {
  for (let call = 0; call < 10; call += 1) {
    changing(changes[0], 500_000);
    takesIn(changes[0], 500_000);
    manyShapes(500_000);
    healthy(500_000);
  }
}
// So that it does not take the others into its own code.
%NeverOptimizeFunction(work);
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 500 });
await session.post('Profiler.start');
work();
const { profile } = await session.post('Profiler.stop');
writeFileSync(process.argv[2], JSON.stringify(profile));
`;

const older = findOlderNode();

describe.each([
  ['the Node of the tests', { path: process.execPath }],
  ['an older Node', older],
])('V8 tells of %s', (name, node) => {
  test.skipIf(node.missing)(title('the functions that it had trouble with, and why', node), async () => {
    const { marked, logged } = await profiled(node.path ?? '');
    const names = marked.map(({ frame }) => frame.name);
    expect(names, name).toEqual(expect.arrayContaining(['changing', 'manyShapes', 'takesIn']));
    expect(names).not.toContain('healthy');
    const marksOf = (wanted: string): FrameMark[] =>
      marked.find(({ frame }) => frame.name === wanted)?.marks ?? [];
    expect(marksOf('manyShapes')).toMatchObject([
      { kind: 'megamorphic', reason: expect.stringMatching(/^read of id at \d+:77$/) },
    ]);
    expect(marksOf('changing').every(({ kind }) => kind === 'deoptimised')).toBe(true);
    expect(marksOf('changing').map(({ reason }) => reason)).toContain('wrong map');
    // What is taken into another function is the reason that the other one loses its code, and is marked wherever it is seen.
    expect(logged.find((each) => each.name === 'small')?.marks).toContainEqual(
      expect.objectContaining({ kind: 'deoptimised', reason: 'wrong map' }),
    );
    expect(marksOf('takesIn').map(({ reason }) => reason)).toContain('wrong map in small, which is inlined');
  });
});

async function profiled(
  node: string,
): Promise<ReturnType<typeof readFlame> & { logged: readonly FunctionMarks[] }> {
  await using folder = await temporaryFolder();
  const script = join(folder.path, 'program.mjs');
  await writeFile(script, program);
  const file = join(folder.path, 'program.cpuprofile');
  const { stdout } = await promisify(execFile)(node, [
    ...v8LogFlags(folder.path),
    '--allow-natives-syntax',
    script,
    file,
  ]);
  // The program's own output stays its own.
  expect(stdout).toBe('');
  const marks = await v8LogMarks(folder.path);
  expect(marks.truncated).toBe(false);
  const profile = fromCpuProfile(JSON.parse(await readFile(file, 'utf8')), { name: 'program', startMs: 0 });
  return { ...readFlame(markProfile(profile, marks)), logged: marks.functions };
}
