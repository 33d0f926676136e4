import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import {
  heavyReadingRowsPerS,
  largeTableRows,
  largeTableScans,
  selectiveKeptShare,
  smallTableRows,
} from '../../computed/large-table-scans.ts';
import { rounded } from '../../computed/statistics.ts';
import { scanEvidence } from '../../computed/scan-evidence.ts';
import { tableScans } from '../../computed/table-scans.ts';
import { defineRule } from '../../rule.ts';

/** Share of the response time that is assumed where neither statements nor load tell it. */
const unknownImpact = 0.5;

/** Large tables that are read in full because the query wants nearly all of their rows: no index would help. */
export const sequentialScansNonSelectiveFilter = defineRule({
  id: 'sequential-scans-non-selective-filter',
  area: 'postgres',
  title: 'Sequential scans of a large table by a filter that keeps nearly all rows',
  requires: ['phases', 'postgres'],
  optional: ['plans', 'statements', 'load'],
  vetoedByGenerator: false,
  evaluate({ artifacts, facts }) {
    const tables = facts.get(tableScans);
    const readings = Math.max(0, ...tables.map((each) => each.readings));
    if (tables.length > 0 && readings < fewestSamples) {
      return { verdict: 'not-applicable', reason: `tables were read ${counted(readings, 'time')} only` };
    }
    const candidates = largeTableScans(facts, artifacts.plans);
    const scanned = candidates.find(
      ({ explained }) => explained !== undefined && explained.keptShare >= selectiveKeptShare,
    );
    const keptShare = scanned?.explained?.keptShare;
    if (scanned === undefined || keptShare === undefined) {
      const open = candidates.find(({ explained }) => explained === undefined);
      if (open !== undefined) {
        return {
          verdict: 'not-applicable',
          reason: `no plan of a statement that scans ${open.name} was taken; see sequential-scans-missing-index`,
        };
      }
      return {
        verdict: 'pass',
        value: rounded(tables[0]?.rowsReadPerS ?? 0),
        unit: 'rows/s',
        confidence: confidenceOf({ samples: readings, ratio: 2, corroborated: true }),
        impact: 0,
        evidence: [
          {
            text:
              candidates.length === 0
                ? `No table of ${figure(smallTableRows)} rows or more was scanned in full at ${figure(heavyReadingRowsPerS)} rows/s.`
                : 'The filters of the large tables that were scanned do select.',
            source: 'pg_stat_user_tables',
            chart: 'sequential-reads',
          },
        ],
        counterEvidence: [],
        advice: [],
      };
    }
    return {
      verdict: scanned.liveRows >= largeTableRows ? 'fail' : 'warn',
      value: rounded(scanned.rowsReadPerS),
      unit: 'rows/s',
      confidence: confidenceOf({
        samples: scanned.readings,
        ratio: separation(scanned.rowsReadPerS, heavyReadingRowsPerS),
        corroborated: scanned.explained?.plan.mode === 'analyze',
      }),
      impact: scanned.responseTimeShare ?? unknownImpact,
      title: `Sequential scans of \`${scanned.name}\` read ${figure(scanned.rowsReadPerS)} rows/s and keep ${percent(keptShare)} of them`,
      evidence: scanEvidence(scanned),
      counterEvidence: [],
      advice: [
        'Cache the result, or lengthen the life of the cache that asks for it again and again.',
        'Keep a rollup or a materialised view, so that an aggregate does not read every row.',
        'Ask for less: a shorter time range, or partitions by time that the range can leave out.',
        'Do not add an index for this filter: reading nearly all rows through one is slower than the scan.',
      ],
    };
  },
});
