import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import {
  heavyReadingRowsPerS,
  largeTableRows,
  largeTableScans,
  selectiveKeptShare,
  type LargeTableScans,
} from '../../computed/large-table-scans.ts';
import { rounded } from '../../computed/statistics.ts';
import { scanEvidence } from '../../computed/scan-evidence.ts';
import { tableScans } from '../../computed/table-scans.ts';
import { defineRule } from '../../rule.ts';

/** Share of the response time that is assumed where neither statements nor load tell it. */
const unknownImpact = 0.5;
/** Without a plan an index is a guess. */
const openSplitConfidence = 0.6;

/** Large tables that are read in full although the query wants few of their rows. */
export const sequentialScansMissingIndex = defineRule({
  id: 'sequential-scans-missing-index',
  area: 'postgres',
  title: 'Sequential scans of a large table for lack of an index',
  requires: ['phases', 'postgres'],
  optional: ['plans', 'statements', 'load'],
  vetoedByGenerator: false,
  evaluate({ artifacts, facts }) {
    const tables = facts.get(tableScans);
    const readings = Math.max(0, ...tables.map((each) => each.readings));
    if (tables.length > 0 && readings < fewestSamples) {
      return { verdict: 'not-applicable', reason: `tables were read ${counted(readings, 'time')} only` };
    }
    const scanned = largeTableScans(facts, artifacts.plans).find(
      ({ explained }) => explained === undefined || explained.keptShare < selectiveKeptShare,
    );
    if (scanned === undefined) {
      const most = tables[0];
      return {
        verdict: 'pass',
        value: rounded(most?.rowsReadPerS ?? 0),
        unit: 'rows/s',
        confidence: confidenceOf({ samples: readings, ratio: 2, corroborated: true }),
        impact: 0,
        evidence:
          most === undefined
            ? [{ text: 'No table was read.', source: 'pg_stat_user_tables' }]
            : [
                {
                  text: `The most rows that any table gave to sequential scans were ${figure(most.rowsReadPerS)} per second (\`${most.name}\`), and none of them was a large table whose filter keeps few rows.`,
                  source: 'pg_stat_user_tables',
                  chart: 'sequential-reads',
                },
              ],
        counterEvidence: [],
        advice: [],
      };
    }
    const { explained } = scanned;
    const confidence = confidenceOf({
      samples: scanned.readings,
      ratio: separation(scanned.rowsReadPerS, heavyReadingRowsPerS),
      corroborated: explained?.plan.mode === 'analyze',
    });
    return {
      verdict: scanned.liveRows >= largeTableRows ? 'fail' : 'warn',
      value: rounded(scanned.rowsReadPerS),
      unit: 'rows/s',
      confidence: explained === undefined ? rounded(confidence * openSplitConfidence) : confidence,
      impact: scanned.responseTimeShare ?? unknownImpact,
      title: titleOf(scanned),
      evidence: scanEvidence(scanned),
      counterEvidence:
        explained === undefined
          ? [
              {
                text: 'No plan of a statement that scans it was taken: an index is missing, or the filter keeps nearly all rows.',
                source: 'plans',
              },
            ]
          : [],
      advice: [
        `Add an index on the columns that the filter of \`${scanned.name}\` compares: those compared by equality first, then one range.`,
        'Confirm with EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) before and after, or try the index with hypopg first.',
        'Run ANALYZE on the table when the planner expects far more rows than it finds.',
      ],
    };
  },
});

function titleOf({ name, rowsReadPerS, explained }: LargeTableScans): string {
  const what = `Sequential scans of \`${name}\` read ${figure(rowsReadPerS)} rows/s`;
  return explained === undefined
    ? `${what}: an index is missing or the filter does not select`
    : `${what} to keep ${percent(explained.keptShare)}: an index is missing`;
}
