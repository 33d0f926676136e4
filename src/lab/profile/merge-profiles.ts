import type { Frame, Profile, ProfileNode } from './profile.ts';

/**
 * One profile of several windows or processes: call trees are laid over each other by frame, self times
 * added, samples appended in order of the windows. Gives an empty profile for none.
 */
export function mergeProfiles(profiles: readonly Profile[], name: string): Profile {
  const inOrder = profiles.toSorted((a, b) => a.startMs - b.startMs);
  const frames: Frame[] = [];
  const frameOf = new Map<string, number>();
  const nodes: ProfileNode[] = [];
  const nodeOf = new Map<string, number>();
  const samples: Profile['samples'] = [];
  for (const profile of inOrder) {
    const frameAt = profile.frames.map((frame) =>
      indexIn(frames, frameOf, `${frame.name}\n${frame.file}\n${frame.line}\n${frame.column}`, frame),
    );
    const nodeAt: number[] = [];
    for (const node of profile.nodes) {
      const parent = node.parent < 0 ? -1 : (nodeAt[node.parent] ?? -1);
      const frame = frameAt[node.frame] ?? 0;
      const at = indexIn(nodes, nodeOf, `${parent} ${frame}`, { frame, parent, selfUs: 0 });
      const merged = nodes[at];
      if (merged) merged.selfUs += node.selfUs;
      nodeAt.push(at);
    }
    for (const { node, deltaUs } of profile.samples) samples.push({ node: nodeAt[node] ?? 0, deltaUs });
  }
  return {
    name,
    startMs: inOrder[0]?.startMs ?? 0,
    endMs: Math.max(0, ...inOrder.map(({ endMs }) => endMs)),
    intervalUs: Math.max(0, ...inOrder.map(({ intervalUs }) => intervalUs)),
    frames,
    nodes,
    samples,
  };
}

function indexIn<T>(list: T[], known: Map<string, number>, key: string, value: T): number {
  const found = known.get(key);
  if (found !== undefined) return found;
  const index = list.push(value) - 1;
  known.set(key, index);
  return index;
}
