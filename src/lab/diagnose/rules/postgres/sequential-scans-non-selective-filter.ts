import { figure, percent } from '../../computed/figures.ts';
import {
  heavyReadingRowsPerS,
  largeTableScans,
  selectiveKeptShare,
  smallTableRows,
} from '../../computed/large-table-scans.ts';
import { noScanFound, scanFound, tooFewReadings } from '../../computed/scan-outcome.ts';
import { tableScans } from '../../computed/table-scans.ts';
import { defineRule } from '../../rule.ts';

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
    const unread = tooFewReadings(tables);
    if (unread !== undefined) return unread;
    const candidates = largeTableScans(facts, artifacts.plans);
    const scanned = candidates.find(
      ({ explained }) => explained !== undefined && explained.keptShare >= selectiveKeptShare,
    );
    if (scanned?.explained === undefined) {
      const open = candidates.find(({ explained }) => explained === undefined);
      if (open !== undefined) {
        return {
          verdict: 'not-applicable',
          reason: `no plan of a statement that scans ${open.name} was taken; see sequential-scans-missing-index`,
        };
      }
      return noScanFound(tables, {
        text:
          candidates.length === 0
            ? `No table of ${figure(smallTableRows)} rows or more was scanned in full at ${figure(heavyReadingRowsPerS)} rows/s.`
            : 'The filters of the large tables that were scanned do select.',
        source: 'pg_stat_user_tables',
        chart: 'sequential-reads',
      });
    }
    return scanFound(scanned, {
      title: `Sequential scans of \`${scanned.name}\` read ${figure(scanned.rowsReadPerS)} rows/s and keep ${percent(scanned.explained.keptShare)} of them`,
      certainty: 1,
      counterEvidence: [],
      advice: [
        'Cache the result, or lengthen the life of the cache that asks for it again and again.',
        'Keep a rollup or a materialised view, so that an aggregate does not read every row.',
        'Ask for less: a shorter time range, or partitions by time that the range can leave out.',
        'Do not add an index for this filter: reading nearly all rows through one is slower than the scan.',
      ],
    });
  },
});
