import { expect, test } from 'vitest';
import { fromCpuProfile, type CpuProfileDocument } from './from-cpuprofile.ts';
import { readFlame } from './read-flame.ts';

const document: CpuProfileDocument = {
  nodes: [
    { id: 1, callFrame: frame('(root)', ''), hitCount: 0, children: [2] },
    {
      id: 2,
      callFrame: frame('answer', 'file:///app/a.ts'),
      hitCount: 8,
      positionTicks: [
        { line: 1, ticks: 2 },
        { line: 2, ticks: 4 },
        { line: 3, ticks: 2 },
      ],
    },
  ],
  startTime: 0,
  endTime: 8000,
  samples: Array.from({ length: 8 }, () => 2),
  timeDeltas: Array.from({ length: 8 }, () => 1000),
};
const source = ['const sum = add(1);', 'return JSON.stringify(all);', 'JSON.parse(text);'];

test('samples of a line that calls JSON become samples of that call, evenly among the function’s', () => {
  const profile = fromCpuProfile(document, {
    name: 'p',
    startMs: 0,
    sourceLine: (url, line) => (url === 'file:///app/a.ts' ? source[line - 1] : undefined),
  });
  const names = profile.samples.map(({ node }) => profile.frames[profile.nodes[node]?.frame ?? 0]?.name);
  expect(names.filter((name) => name === 'JSON.stringify')).toHaveLength(4);
  expect(names.filter((name) => name === 'JSON.parse')).toHaveLength(2);
  expect(names.slice(0, 4).filter((name) => name === 'JSON.stringify')).toHaveLength(2);
  expect(readFlame(profile).classes).toMatchObject([
    { class: 'json', share: 0.75 },
    { class: 'other', share: 0.25 },
  ]);
});

test('nothing is named without sources, or in a line that holds a whole program', () => {
  const bare = fromCpuProfile(document, { name: 'p', startMs: 0 });
  expect(bare.frames.map(({ name }) => name)).toEqual(['(root)', 'answer']);
  const minified = `${source.join('')}${' '.repeat(200)}`;
  const bundled = fromCpuProfile(document, { name: 'p', startMs: 0, sourceLine: () => minified });
  expect(bundled.frames).toEqual(bare.frames);
});

function frame(functionName: string, url: string): CpuProfileDocument['nodes'][number]['callFrame'] {
  return { functionName, scriptId: '0', url, lineNumber: -1, columnNumber: -1 };
}
