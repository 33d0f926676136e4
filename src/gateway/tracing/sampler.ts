import type { SamplerName } from '../../config/samplers.ts';
import type { TraceParent } from '../../protocol/trace-context.ts';

/** Whether a trace is recorded. */
export type Sampler = (traceId: string, parent: TraceParent | undefined) => boolean;

/** `ratio` (0 to 1) is of the traces that a `traceidratio` decides about. */
export function createSampler(name: SamplerName, ratio: number): Sampler {
  const isParentBased = name.startsWith('parentbased_');
  const root = name.replace('parentbased_', '');
  return (traceId, parent) => {
    if (isParentBased && parent !== undefined) return parent.sampled;
    if (root !== 'traceidratio') return root === 'always_on';
    return ratio === 1 || randomnessOf(traceId) < ratio;
  };
}

/** From 0 to 1, of the last 56 bits, which are random by W3C Trace Context, level 2; replicas so decide alike. */
function randomnessOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-14), 16) / 2 ** 56;
}
