import type { ReactNode } from 'react';
import type { LoadTestDetails } from '../../lab/load/web/stats-answer.ts';
import { formatBytes, formatMs, formatNumber } from '../format/format-value.ts';

/** How the generator itself fares: what is slow there is not slow at the target. */
export function GeneratorFacts({ generator }: { generator: LoadTestDetails['generator'] }): ReactNode {
  return (
    <section aria-labelledby="generator-title">
      <h2 id="generator-title">Generator</h2>
      {generator === null ? (
        <p className="muted">It has not reported yet.</p>
      ) : (
        <p>
          In its last second the generator used {formatNumber(generator.cpuPercent)} % of a core and{' '}
          {formatBytes(generator.rssBytes)}; its event loop was late by{' '}
          {formatMs(generator.eventLoopDelayP99Ms)} (p99), and {formatNumber(generator.lateStarts)} of{' '}
          {formatNumber(generator.plannedStarts)} requests started late.
        </p>
      )}
    </section>
  );
}
