import type { Frame, Profile, ProfileNode } from '../../src/lab/profile/profile.ts';

const files = [
  '/app/src/handlers/tools.ts',
  '/app/src/handlers/lists.ts',
  '/app/node_modules/pg/lib/client.js',
  '/app/node_modules/zod/lib/parse.js',
  '/app/node_modules/fastify/lib/reply.js',
  'node:internal/streams/readable',
  'node:_http_outgoing',
  '',
];

/**
 * A profile of `nodeCount` frames below its root, each with weight: 700 functions in stacks of up to `depth` calls,
 * with recursion, marks, and a tenth of waiting. The same for the same numbers; `seed` makes others.
 */
export function largeProfile(nodeCount: number, { depth = 60, seed = 1 } = {}): Profile {
  const random = randomOf(seed);
  const frames: Frame[] = [
    { name: '(root)', file: '', line: 0, column: 0 },
    { name: '(idle)', file: '', line: 0, column: 0 },
  ];
  for (let index = 0; index < 700; index += 1) {
    const file = files[index % files.length] ?? '';
    const name = index === 7 ? 'stringify' : `function${index}`;
    const frame: Frame = { name, file, line: file === '' ? 0 : index + 1, column: 1 };
    if (index === 8) frame.marks = [{ kind: 'deoptimised', reason: 'wrong map', count: 3 }];
    if (index === 9) frame.marks = [{ kind: 'megamorphic', reason: 'length', count: 1 }];
    frames.push(frame);
  }
  const nodes: ProfileNode[] = [
    { frame: 0, parent: -1, self: 0 },
    { frame: 1, parent: 0, self: nodeCount * 10 },
  ];
  const levels = [0, depth];
  const known = new Set<string>();
  while (nodes.length <= nodeCount) {
    // Mostly below what came last, so that stacks grow deep, and sometimes anywhere.
    const recent = random() < 0.7 ? nodes.length - 1 : Math.floor(random() * nodes.length);
    const parent = (levels[recent] ?? depth) < depth ? recent : 0;
    const frame = 2 + Math.floor(random() ** 2 * 700);
    const key = `${parent} ${frame}`;
    if (known.has(key)) continue;
    known.add(key);
    levels.push((levels[parent] ?? 0) + 1);
    nodes.push({ frame, parent, self: 50 + Math.floor(random() * 100) });
  }
  return {
    name: 'synthetic',
    unit: 'microseconds',
    order: 'none',
    startMs: 0,
    endMs: 60_000,
    interval: 1000,
    frames,
    nodes,
    samples: nodes.flatMap(({ self }, node) => (self === 0 ? [] : { node, weight: self })),
  };
}

/** Numbers from 0 to 1 by a linear congruential generator (the constants of Numerical Recipes). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
