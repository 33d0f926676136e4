import { describe, expect, test } from 'vitest';
import { profileWindow, type SampledStack } from '../../../test/support/synthetic-profile.ts';
import { fromFolded } from './from-folded.ts';
import { ProfileBuilder } from './profile-builder.ts';
import type { Profile } from './profile.ts';
import { readFlame } from './read-flame.ts';
import { readingLines } from './render-reading.ts';

const profileOf = (...stacks: SampledStack[]): Profile => profileWindow(stacks).profile;
const render = '/app/node_modules/handlebars/dist/runtime.js';
const query = '/app/node_modules/pg/lib/client.js';

describe('a flame graph is read by', () => {
  const reading = readFlame(
    profileOf(
      { stack: ['serve /app/src/serve.ts', 'page /app/src/page.ts', `main ${render}`], ms: 300 },
      { stack: ['serve /app/src/serve.ts', `query ${query}`, 'writev'], ms: 200 },
      { stack: ['serve /app/src/serve.ts', 'page /app/src/page.ts'], ms: 400 },
      { stack: ['(garbage collector)'], ms: 100 },
      { stack: [], ms: 1000 },
    ),
  );

  test('kinds of work, of the time that was not spent waiting', () => {
    expect(reading).toMatchObject({ total: 2_000_000, busy: 1_000_000, sampled: { count: 1000 } });
    expect(reading.classes.map(({ class: name, share }) => [name, share])).toEqual([
      ['other', 0.4],
      ['template', 0.3],
      ['database', 0.2],
      ['gc', 0.1],
    ]);
  });

  test('whose code ran, and how much of it own code caused', () => {
    expect(reading.kinds.map(({ kind, share }) => [kind, share])).toEqual([
      ['own', 0.4],
      ['dependency', 0.3],
      ['runtime', 0.2],
      ['gc', 0.1],
    ]);
    expect(reading.own).toEqual({ selfShare: 0.4, totalShare: 0.9 });
    expect(reading.packages).toEqual([
      { name: 'handlebars', selfShare: 0.3, totalShare: 0.3 },
      { name: 'pg', selfShare: 0, totalShare: 0.2 },
    ]);
  });

  test('functions that are wide, with the own code that calls them', () => {
    expect(reading.wide.map(({ label, calledBy }) => [label, calledBy])).toEqual([
      ['page (src/page.ts:7)', null],
      ['main (dist/runtime.js:7)', { label: 'page (src/page.ts:7)', share: 1 }],
      ['writev', { label: 'serve (src/serve.ts:7)', share: 1 }],
      ['(garbage collector)', null],
      ['serve (src/serve.ts:7)', null],
    ]);
  });

  test('sentences that begin with what the guide looks for first', () => {
    expect(reading.remarks.map(({ text }) => text)).toEqual([
      'What is looked for first: template rendering 30 %, JSON 0 %, database driver 20 % of the busy time.',
      'The widest own function, page (src/page.ts:7), runs 40 % itself, 70 % with what it calls.',
      'Template rendering takes 30 % of the busy time, most at one place in main (dist/runtime.js:7), called from page (src/page.ts:7).',
      'Database driver takes 20 % of the busy time, most at one place in writev, called from serve (src/serve.ts:7).',
      'Garbage collection takes 10 % of the busy time.',
    ]);
  });
});

test('a function that only leads to another one is not wide, and neither is what starts a program', () => {
  const { wide } = readFlame(
    profileOf({ stack: ['tick node:internal/process/task_queues', 'a /app/a.ts', 'b /app/b.ts'], ms: 100 }),
  );
  expect(wide.map(({ label }) => label)).toEqual(['b (app/b.ts:7)']);
});

test('recursion is named, and counted once', () => {
  const walk = Array.from({ length: 40 }, () => 'walk /app/w.ts');
  const { deep, wide, remarks } = readFlame(
    profileOf({ stack: walk, ms: 200 }, { stack: ['a /app/a.ts', 'b /app/b.ts'], ms: 800 }),
  );
  expect(deep).toMatchObject({ median: 2, max: 40, usual: 30, share: 0.2 });
  expect(deep.repeated).toEqual([{ label: 'walk (app/w.ts:7)', times: 40, share: 0.2 }]);
  expect(wide.find(({ label }) => label.startsWith('walk'))).toMatchObject({
    selfShare: 0.2,
    totalShare: 0.2,
  });
  expect(remarks.map(({ text }) => text)).toContainEqual(
    'walk (app/w.ts:7) stands up to 40 times on one stack, in 20 %: recursion, or wrappers around wrappers.',
  );
});

test('deep stacks are said with whose frames they are made of', () => {
  const layers = Array.from({ length: 70 }, (_, layer) => `call${layer} /v/site-packages/starlette/m.py`);
  const { deep, remarks } = readFlame(profileOf({ stack: [...layers, 'handle /app/h.py'], ms: 100 }));
  expect(deep).toMatchObject({ median: 71, share: 0 });
  expect(remarks.map(({ text }) => text)).toContain(
    'Stacks are deep: half of the time in 71 frames and more, 99 % of them of starlette.',
  );
});

test('many stacks of thousands of frames are read', () => {
  const tree = new ProfileBuilder('hostile');
  for (let chain = 0; chain < 20; chain += 1) {
    let node = 0;
    for (let at = 0; at < 4_900; at += 1) {
      const file = `/app/${at % 2}.ts`;
      node = tree.child(node, tree.frame({ name: `f${chain}`, file, line: 1, column: 0 }));
      // A hostile file may weigh each frame of each stack.
      tree.add(node, 1000);
    }
  }
  const { deep } = readFlame(tree.build({ unit: 'microseconds', order: 'none', interval: 1000 }));
  expect(deep.max).toBe(4_900);
  expect(deep.repeated[0]).toMatchObject({ times: 2_450 });
});

test('what a program calls its functions does not control the terminal', () => {
  const profile = profileOf({ stack: ['\u001b]0;owned\u0007\u001b[31mx /app/\u001b[2Jx.ts'], ms: 100 });
  const lines = readingLines(readFlame(profile), { columns: 80, color: false }).join('\n');
  expect(lines).toContain('owned');
  expect(lines).not.toMatch(/(?!\n)\p{Cc}/u);
});

test('hot functions that the runtime marks are said with its reason', () => {
  const profile = profileOf({ stack: ['slow /app/s.ts'], ms: 150 }, { stack: ['cold /app/c.ts'], ms: 1 });
  const frames = profile.frames.map((frame) => ({
    ...frame,
    marks: [{ kind: 'megamorphic' as const, reason: 'property id', count: 3 }],
  }));
  const { marked, remarks } = readFlame({ ...profile, frames });
  expect(marked.map(({ label }) => label)).toEqual(['slow (app/s.ts:7)']);
  expect(remarks.map(({ text }) => text)).toContain(
    'slow (app/s.ts:7) takes 99 % and is megamorphic (property id, 3 times).',
  );
});

test('few samples are said first, and waiting alone is nothing to read', () => {
  const few = readFlame(profileOf({ stack: ['a /app/a.ts'], ms: 16 }));
  expect(few.remarks[0]?.text).toBe('Only 16 samples: a share may be off by 25 points.');
  const idle = readFlame(profileOf({ stack: [], ms: 50 }));
  expect(idle).toMatchObject({
    busy: 0,
    classes: [],
    wide: [],
    remarks: [{ text: 'Nothing but waiting was sampled.' }],
  });
});

test('weights of who knows how many samples are given no precision', () => {
  const times = linesOf('serve;slow 900000\nserve;write 100000\n');
  expect(times[0]).toBe('busy 1 s of 1 s');
  expect(times.join('\n')).not.toMatch(/samples|±/);
  expect(linesOf('serve;slow 90\nserve;write 10\n')[0]).toBe('busy 1 s of 1 s, 100 samples, shares ± 10 %');
});

test('a profile of allocations is read in bytes', () => {
  const profile = profileOf({ stack: ['fill /app/f.ts'], ms: 2 });
  const lines = readingLines(readFlame({ ...profile, unit: 'bytes', order: 'none' }), {
    columns: 80,
    color: false,
  });
  expect(lines[0]).toBe('2.0 KiB allocated, 2 samples, shares ± 71 %');
  expect(lines.join('\n')).toContain('of the allocated bytes');
});

test('the reading fits the terminal', () => {
  const name = `/app/${'very-long-folder/'.repeat(9)}a.ts`;
  const reading = readFlame(
    profileOf({ stack: [`${'handle'.repeat(20)} ${name}`, `main ${render}`], ms: 300 }),
  );
  for (const columns of [80, 60, 140]) {
    const lines = readingLines(reading, { columns, color: false });
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
  }
});

/** What is said of folded stacks, on a terminal and as remarks. */
function linesOf(stacks: string): string[] {
  const [part] = fromFolded(stacks, { name: 'x.folded' }).parts;
  const reading = readFlame(part?.profile ?? profileOf());
  return [
    ...readingLines(reading, { columns: 80, color: false }),
    ...reading.remarks.map(({ text }) => text),
  ];
}
