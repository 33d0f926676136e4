import type { Evidence } from '../../run-document.ts';
import type { RuleOutcome } from '../rule.ts';
import { confidenceOf, fewestSamples, separation } from './confidence.ts';
import { counted } from './figures.ts';
import { heavyReadingRowsPerS, largeTableRows, type LargeTableScans } from './large-table-scans.ts';
import { scanEvidence } from './scan-evidence.ts';
import { rounded } from './statistics.ts';
import type { TableScans } from './table-scans.ts';

/** Share of the response time that is assumed where neither statements nor load tell it. */
const unknownImpact = 0.5;

/** Why nothing can be said about scans; undefined when the tables were read often enough. */
export function tooFewReadings(tables: readonly TableScans[]): RuleOutcome | undefined {
  const readings = mostReadings(tables);
  return tables.length === 0 || readings >= fewestSamples
    ? undefined
    : { verdict: 'not-applicable', reason: `tables were read ${counted(readings, 'time')} only` };
}

/** No table is scanned as the rule means it; the value is the most that any table gave to sequential scans. */
export function noScanFound(tables: readonly TableScans[], evidence: Evidence): RuleOutcome {
  return {
    verdict: 'pass',
    value: rounded(tables[0]?.rowsReadPerS ?? 0),
    unit: 'rows/s',
    confidence: confidenceOf({ samples: mostReadings(tables), ratio: 2, corroborated: true }),
    impact: 0,
    evidence: [evidence],
    counterEvidence: [],
    advice: [],
  };
}

/** One table is: `fail` when it is a large one, else `warn`. `certainty` (0..1) scales the confidence. */
export function scanFound(
  scanned: LargeTableScans,
  own: { title: string; counterEvidence: Evidence[]; advice: string[]; certainty: number },
): RuleOutcome {
  const confidence = confidenceOf({
    samples: scanned.readings,
    ratio: separation(scanned.rowsReadPerS, heavyReadingRowsPerS),
    corroborated: scanned.explained?.plan.mode === 'analyze',
  });
  return {
    verdict: scanned.liveRows >= largeTableRows ? 'fail' : 'warn',
    value: rounded(scanned.rowsReadPerS),
    unit: 'rows/s',
    confidence: rounded(confidence * own.certainty),
    impact: scanned.responseTimeShare ?? unknownImpact,
    title: own.title,
    evidence: scanEvidence(scanned),
    counterEvidence: own.counterEvidence,
    advice: own.advice,
  };
}

function mostReadings(tables: readonly TableScans[]): number {
  return Math.max(0, ...tables.map(({ readings }) => readings));
}
