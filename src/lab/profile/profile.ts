/**
 * The one model of a profile, whatever took it and whatever format it came from: a call tree with weights. CPU
 * profiles weigh microseconds, allocation profiles bytes. Treat it as immutable once built.
 */
export interface Profile {
  name: string;
  unit: ProfileUnit;
  startMs: number;
  endMs: number;
  /** What one sample stands for, as the profiler was asked: microseconds between samples, or bytes between allocations. */
  interval: number;
  frames: Frame[];
  /** Nodes of the call tree; index 0 is the root, a parent comes before its children. */
  nodes: ProfileNode[];
  /** `time`: the samples are in the order in which they were taken, from `startMs` on. `none`: only their sums are known. */
  order: 'time' | 'none';
  /**
   * The sampled leaf per sample, as node index, with what it weighs: of a profile in order the time since the previous
   * sample. Without order one sample may stand for all of its stack.
   */
  samples: { node: number; weight: number }[];
}

export type ProfileUnit = 'microseconds' | 'bytes';

export interface Frame {
  /** `(anonymous)` when it has none. `(idle)`, `(program)`, `(garbage collector)` as V8 names them. */
  name: string;
  /** Path or URL; of native code the binary or library that it is in; empty for meta frames and where it is not known. */
  file: string;
  /** 1-based; 0 when unknown. */
  line: number;
  column: number;
  /** What the runtime told of its compiled code. */
  marks?: FrameMark[];
}

/** Why a function ran slower than it could: V8 gave up its optimised code, or a place in it met too many shapes of objects. */
export interface FrameMark {
  kind: 'deoptimised' | 'megamorphic';
  /** In V8's words, e.g. `wrong map`, or the property that is read. */
  reason: string;
  /** How often it was told. */
  count: number;
}

export interface ProfileNode {
  frame: number;
  /** -1 for the root. */
  parent: number;
  /** Weight of its own, without what it called. */
  self: number;
}
