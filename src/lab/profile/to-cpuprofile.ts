import type { CpuProfileDocument } from './from-cpuprofile.ts';
import { urlOfFile } from './path-from-url.ts';
import type { FrameMark, Profile } from './profile.ts';

/** A `.cpuprofile` that Chrome DevTools and VS Code open; its times count from the Unix epoch. */
export function toCpuProfile(profile: Profile): CpuProfileDocument {
  const children = new Map<number, number[]>();
  const hits = new Map<number, number>();
  profile.nodes.forEach(({ parent }, index) => {
    if (parent < 0) return;
    const siblings = children.get(parent);
    if (siblings) siblings.push(index + 1);
    else children.set(parent, [index + 1]);
  });
  const marks: Record<number, FrameMark[]> = {};
  profile.nodes.forEach(({ frame }, index) => {
    const known = profile.frames[frame]?.marks;
    if (known !== undefined) marks[index + 1] = known;
  });
  for (const { node } of profile.samples) hits.set(node, (hits.get(node) ?? 0) + 1);
  return {
    nodes: profile.nodes.map(({ frame }, index) => {
      const { name, file, line, column } = profile.frames[frame] ?? {
        name: '',
        file: '',
        line: 0,
        column: 0,
      };
      const below = children.get(index);
      return {
        id: index + 1,
        callFrame: {
          functionName: name === '(anonymous)' ? '' : name,
          scriptId: '0',
          url: urlOfFile(file),
          lineNumber: line - 1,
          columnNumber: column - 1,
        },
        hitCount: hits.get(index) ?? 0,
        ...(below ? { children: below } : {}),
      };
    }),
    startTime: Math.round(profile.startMs * 1000),
    endTime: Math.round(profile.endMs * 1000),
    samples: profile.samples.map(({ node }) => node + 1),
    timeDeltas: profile.samples.map(({ weight }) => weight),
    gaugeway: { unit: profile.unit, order: profile.order, interval: profile.interval, marks },
  };
}
