import type { Profile } from './profile.ts';
import { unknownFrame } from './profile-set.ts';
import { urlOfFile } from './path-from-url.ts';

/**
 * The text of a `.heapprofile` that Chrome DevTools and VS Code open. Its tree is nested, and is written without
 * recursion, as stacks may be deeper than ours.
 */
export function toHeapProfile(profile: Profile): string {
  const children = new Map<number, number[]>();
  profile.nodes.forEach(({ parent }, index) => {
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [index]);
    else siblings.push(index);
  });
  const text: string[] = [];
  const pending: (number | string)[] = [0];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') {
      text.push(next);
      continue;
    }
    text.push(nodeHead(profile, next));
    pending.push(']}');
    (children.get(next) ?? []).toReversed().forEach((child, at, below) => {
      pending.push(child);
      if (at < below.length - 1) pending.push(',');
    });
  }
  const samples = profile.samples.map(({ node, weight }, ordinal) => ({
    size: Math.round(weight),
    nodeId: node + 1,
    ordinal: ordinal + 1,
  }));
  return `{"head":${text.join('')},"samples":${JSON.stringify(samples)}}\n`;
}

/** A node up to its children. */
function nodeHead({ frames, nodes }: Profile, index: number): string {
  const node = nodes[index] ?? { frame: -1, self: 0 };
  const { name, file, line, column } = frames[node.frame] ?? { ...unknownFrame, name: '(root)' };
  const head = {
    callFrame: {
      functionName: name === '(anonymous)' ? '' : name,
      scriptId: '0',
      url: urlOfFile(file),
      lineNumber: line - 1,
      columnNumber: column - 1,
    },
    selfSize: Math.round(node.self),
    id: index + 1,
  };
  return `${JSON.stringify(head).slice(0, -1)},"children":[`;
}
