import type { IndexAdvice } from './index-candidates.ts';
import { formatCount, formatSize } from './plan-figures.ts';

/** An advice about an index in a sentence, with what it rests on. */
export function adviceRemark({ ddl, verdict, why, cost, sizeBytes }: IndexAdvice): string {
  const columns = /\(.*\)$/.exec(ddl)?.[0] ?? '';
  const costs = cost === null ? '' : `cost ${formatCount(cost.before)} → ${formatCount(cost.after)}`;
  switch (verdict) {
    case 'helps':
      return `${ddl}; checked with hypopg: ${costs}${sizeBytes === null ? '' : `, about ${formatSize(sizeBytes)}`}`;
    case 'unchecked':
      return `${ddl}; unchecked (${why ?? 'it was not tried'})`;
    case 'no-gain':
      return `An index on ${columns} does not help, checked with hypopg: ${why ?? 'no gain'} (${costs})`;
    case 'exists':
      return `There is an index already, and the planner leaves it aside (${why ?? columns}): run ANALYZE, and compare its costs with enable_seqscan off`;
  }
}
