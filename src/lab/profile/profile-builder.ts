import { GaugewayError } from '../../shared/errors.ts';
import { indexIn } from './index-in.ts';
import { frameKey } from './merge-profiles.ts';
import type { Frame, Profile, ProfileNode, ProfileUnit } from './profile.ts';

/** Beyond these a file is no profile that anybody could look at, or was made to exhaust memory. */
const mostNodes = 2_000_000;
const mostSamples = 10_000_000;
/** Deeper than any runtime lets a stack grow that a profiler could still walk. */
export const deepestStack = 5000;

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
    if (depth > deepestStack) throw this.#tooMuch(`a stack deeper than ${deepestStack} frames`);
    if (before >= mostNodes) throw this.#tooMuch(`more than ${mostNodes} different stacks`);
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
    if (this.#samples.length >= mostSamples) throw this.#tooMuch(`more than ${mostSamples} samples`);
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

  #tooMuch(what: string): GaugewayError {
    return new GaugewayError('source_unreadable', `${this.#name} holds ${what}`);
  }
}
