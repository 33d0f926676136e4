import type { CpuProfileDocument, CpuProfileNode } from './from-cpuprofile.ts';

/** A line of a script by its URL, 1-based; undefined where it is not known. */
export type SourceLine = (url: string, line: number) => string | undefined;

const jsonCall = /\bJSON\s*\.\s*(parse|stringify)\s*\(/;
/** A line of a minified script holds more than a call. */
const longestLine = 200;

/**
 * Gives the time of `JSON.parse` and `JSON.stringify` frames of their own. V8 counts what they do for the function that
 * calls them, but says how often it sampled each line of it: samples of a line with such a call become samples of a call
 * from there. Which of a function's samples they were is not known, so they are spread evenly among them. Other time of
 * the same line goes along, which is little: what it calls in JavaScript has frames.
 */
export function nameJsonCalls(document: CpuProfileDocument, sourceLine: SourceLine): CpuProfileDocument {
  let nextId = document.nodes.reduce((most, { id }) => Math.max(most, id), 0) + 1;
  const calls = new Map<number, Call[]>();
  const nodes = document.nodes.flatMap((node) => {
    const found = [...callTicks(node, sourceLine)].map(([name, ticks]) => {
      const call = { id: nextId, name, ticks };
      nextId += 1;
      return call;
    });
    if (found.length === 0) return [node];
    calls.set(node.id, found);
    const taken = found.reduce((sum, { ticks }) => sum + ticks, 0);
    return [
      {
        ...node,
        hitCount: Math.max(0, node.hitCount - taken),
        children: [...(node.children ?? []), ...found.map(({ id }) => id)],
      },
      ...found.map(callNode),
    ];
  });
  if (calls.size === 0) return document;
  const hits = new Map<number, number>();
  for (const id of document.samples) hits.set(id, (hits.get(id) ?? 0) + 1);
  const spread = new Map([...calls].map(([id, found]) => [id, new Spread(found, hits.get(id) ?? 0)]));
  return { ...document, nodes, samples: document.samples.map((id) => spread.get(id)?.next() ?? id) };
}

interface Call {
  id: number;
  name: string;
  ticks: number;
}

function callTicks(
  { callFrame, positionTicks }: CpuProfileNode,
  sourceLine: SourceLine,
): Map<string, number> {
  const ticksOf = new Map<string, number>();
  for (const { line, ticks } of positionTicks ?? []) {
    const text = sourceLine(callFrame.url, line) ?? '';
    const call = text.length > longestLine ? null : jsonCall.exec(text);
    if (call === null) continue;
    const name = `JSON.${call[1]}`;
    ticksOf.set(name, (ticksOf.get(name) ?? 0) + ticks);
  }
  return ticksOf;
}

function callNode({ id, name, ticks }: Call): CpuProfileNode {
  return {
    id,
    callFrame: { functionName: name, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 },
    hitCount: ticks,
    children: [],
  };
}

/** Deals samples out so that each call has had its part of them at any time. */
class Spread {
  readonly #calls: { id: number; part: number; due: number }[];

  constructor(calls: readonly Call[], samples: number) {
    this.#calls = calls.map(({ id, ticks }) => ({ id, part: samples === 0 ? 0 : ticks / samples, due: 0.5 }));
  }

  /** The call that the next sample is of; undefined when it stays the function's own. */
  next(): number | undefined {
    for (const call of this.#calls) call.due += call.part;
    const next = this.#calls.find(({ due }) => due >= 1);
    if (next === undefined) return undefined;
    next.due -= 1;
    return next.id;
  }
}
