import { GaugewayError } from '../../shared/errors.ts';
import { indexIn } from './index-in.ts';
import { frameKey } from './merge-profiles.ts';
import type { Frame, Profile, ProfileNode, ProfileUnit } from './profile.ts';

/** Beyond these a file is no profile that anybody could look at, or was made to exhaust memory. */
const mostNodes = 2_000_000;
const mostSamples = 10_000_000;
/** Deeper than any runtime lets a stack grow that a profiler could still walk. */
export const deepestStack = 5000;
/** Processes and threads of one file. */
const mostParts = 10_000;
/** Frames of all stacks together where a format writes each stack in full. */
const mostStackFrames = 20_000_000;

const deeperThanUsable = `a stack deeper than ${deepestStack} frames`;

const rootFrame: Frame = { name: '(root)', file: '', line: 0, column: 0 };

/** Builds the call tree of a profile from stacks, with bounds: what it is fed comes from files of others. */
export class ProfileBuilder {
  readonly #name: string;
  readonly #frames: Frame[] = [rootFrame];
  readonly #frameOf = new Map([[frameKey(rootFrame), 0]]);
  readonly #nodes: ProfileNode[] = [{ frame: 0, parent: -1, self: 0 }];
  readonly #nodeOf = new Map<string, number>();
  readonly #depths = [0];
  readonly #samples: Profile['samples'] = [];

  /** `name` is told in errors. */
  constructor(name: string) {
    this.#name = name;
  }

  /** The index of a frame. */
  frame(frame: Frame): number {
    return indexIn(this.#frames, this.#frameOf, frameKey(frame), frame);
  }

  /** The node of `frame` below `parent`; 0 is the root. Throws GaugewayError source_unreadable beyond the bounds. */
  child(parent: number, frame: number): number {
    const before = this.#nodes.length;
    const index = indexIn(this.#nodes, this.#nodeOf, `${parent} ${frame}`, { frame, parent, self: 0 });
    if (index < before) return index;
    const depth = (this.#depths[parent] ?? 0) + 1;
    if (depth > deepestStack) throw tooMuch(this.#name, deeperThanUsable);
    if (before >= mostNodes) throw tooMuch(this.#name, `more than ${mostNodes} different stacks`);
    this.#depths.push(depth);
    return index;
  }

  /** The node of a stack of frames, outermost first. */
  stack(frames: Iterable<Frame>): number {
    let node = 0;
    for (const frame of frames) node = this.child(node, this.frame(frame));
    return node;
  }

  /** Counts a sample; one without weight, or with a weight that is no number, is left out. */
  add(node: number, weight: number): void {
    const sampled = this.#nodes[node];
    if (!(weight > 0) || !Number.isFinite(weight) || sampled === undefined) return;
    if (this.#samples.length >= mostSamples) throw tooMuch(this.#name, `more than ${mostSamples} samples`);
    sampled.self += weight;
    this.#samples.push({ node, weight });
  }

  /** `endMs` is by default where the samples end, which is their sum after `startMs` of a profile of time. */
  build(of: {
    unit: ProfileUnit;
    order: Profile['order'];
    interval: number;
    startMs?: number;
    endMs?: number;
    name?: string;
  }): Profile {
    const { unit, order, interval, startMs = 0, name = this.#name } = of;
    const sum = this.#samples.reduce((total, { weight }) => total + weight, 0);
    const endMs = of.endMs ?? startMs + (unit === 'microseconds' ? sum / 1000 : 0);
    const [frames, nodes, samples] = [this.#frames, this.#nodes, this.#samples];
    return { name, unit, startMs, endMs, interval, frames, nodes, order, samples };
  }
}

/** The parts of a set by label, each made when it is first asked for. Throws source_unreadable beyond the bound. */
export class PartBuilders {
  readonly #name: string;
  readonly #parts = new Map<string, ProfileBuilder>();

  /** `name` is told in errors. */
  constructor(name: string) {
    this.#name = name;
  }

  of(label: string): ProfileBuilder {
    const known = this.#parts.get(label);
    if (known !== undefined) return known;
    if (this.#parts.size >= mostParts) throw tooMuch(this.#name, `more than ${mostParts} threads`);
    const part = new ProfileBuilder(label);
    this.#parts.set(label, part);
    return part;
  }

  build(of: Parameters<ProfileBuilder['build']>[0]): { label: string; profile: Profile }[] {
    return [...this.#parts].map(([label, part]) => ({ label, profile: part.build(of) }));
  }
}

/** Counts the frames of each stack that is read. Throws source_unreadable beyond what anybody could wait for. */
export function boundedFrames(name: string): (framesOfStack: number) => void {
  let sum = 0;
  return (framesOfStack) => {
    if (framesOfStack > deepestStack) throw tooMuch(name, deeperThanUsable);
    sum += framesOfStack;
    if (sum > mostStackFrames) throw tooMuch(name, `more than ${mostStackFrames} frames in its stacks`);
  };
}

function tooMuch(name: string, what: string): GaugewayError {
  return new GaugewayError('source_unreadable', `${name} holds ${what}`);
}
