/**
 * The one model of a CPU profile, whatever format it came from: a call tree with self weights.
 * Treat it as immutable once built. Times are microseconds.
 */
export interface Profile {
  name: string;
  startMs: number;
  endMs: number;
  /** Microseconds between samples that the profiler was asked for. */
  intervalUs: number;
  frames: Frame[];
  /** Nodes of the call tree; index 0 is the root, a parent comes before its children. */
  nodes: ProfileNode[];
  /** The sampled leaf per sample, as node index, with the time since the previous sample. */
  samples: { node: number; deltaUs: number }[];
}

export interface Frame {
  /** `(anonymous)` when it has none. `(idle)`, `(program)`, `(garbage collector)` as V8 names them. */
  name: string;
  /** Path or URL; empty for native and meta frames. */
  file: string;
  /** 1-based; 0 when unknown. */
  line: number;
  column: number;
}

export interface ProfileNode {
  frame: number;
  /** -1 for the root. */
  parent: number;
  selfUs: number;
}
