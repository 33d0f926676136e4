import type { FrameKind } from '../../lab/profile/frame-kind.ts';

/** What the legend and the table call each kind of frame, in the legend's order. */
export const kindNames: Record<FrameKind, string> = {
  own: 'own code',
  dependency: 'dependency',
  runtime: 'runtime',
  gc: 'garbage collection',
  waiting: 'waiting',
};
