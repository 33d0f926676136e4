import { figure, percent } from '../../computed/figures.ts';
import {
  largeTableScans,
  selectiveKeptShare,
  type LargeTableScans,
} from '../../computed/large-table-scans.ts';
import { noScanFound, scanFound, tooFewReadings } from '../../computed/scan-outcome.ts';
import { tableScans } from '../../computed/table-scans.ts';
import { defineRule } from '../../rule.ts';

/** Without a plan an index is a guess. */
const openSplitCertainty = 0.6;

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
    const unread = tooFewReadings(tables);
    if (unread !== undefined) return unread;
    const scanned = largeTableScans(facts, artifacts.plans).find(
      ({ explained }) => explained === undefined || explained.keptShare < selectiveKeptShare,
    );
    const most = tables[0];
    if (scanned === undefined) {
      return noScanFound(
        tables,
        most === undefined
          ? { text: 'No table was read.', source: 'pg_stat_user_tables' }
          : {
              text: `The most rows that any table gave to sequential scans were ${figure(most.rowsReadPerS)} per second (\`${most.name}\`), and none of them was a large table whose filter keeps few rows.`,
              source: 'pg_stat_user_tables',
              chart: 'sequential-reads',
            },
      );
    }
    const isOpen = scanned.explained === undefined;
    return scanFound(scanned, {
      title: titleOf(scanned),
      certainty: isOpen ? openSplitCertainty : 1,
      counterEvidence: isOpen
        ? [
            {
              text: 'No plan of a statement that scans it was taken: an index is missing, or the filter keeps nearly all rows.',
              source: 'plans',
            },
          ]
        : [],
      advice: [
        ...indexAdvice(scanned),
        'Run ANALYZE on the table when the planner expects far more rows than it finds.',
      ],
    });
  },
});

/** The index that was tried while the plan was taken; else how to find it. */
function indexAdvice({ name, explained }: LargeTableScans): string[] {
  const known = (explained?.plan.indexAdvice ?? []).find(
    ({ schema, table, verdict }) =>
      `${schema}.${table}` === name && (verdict === 'helps' || verdict === 'unchecked'),
  );
  if (known === undefined) {
    return [
      `Add an index on the columns that the filter of \`${name}\` compares: those compared by equality first, then one range.`,
      'Confirm with `gaugeway pg explain` before and after, or try the index with hypopg first.',
    ];
  }
  const { ddl, cost, why } = known;
  return [
    cost === null
      ? `\`${ddl}\` (unchecked: ${why ?? 'it was not tried'}).`
      : `\`${ddl}\`: checked with hypopg, the planner uses it and the cost of the statement falls from ${figure(cost.before)} to ${figure(cost.after)}.`,
    'Build it with CONCURRENTLY where writes must go on, and look at the plan again with `gaugeway pg explain`.',
  ];
}

function titleOf({ name, rowsReadPerS, explained }: LargeTableScans): string {
  const what = `Sequential scans of \`${name}\` read ${figure(rowsReadPerS)} rows/s`;
  return explained === undefined
    ? `${what}: an index is missing or the filter does not select`
    : `${what} to keep ${percent(explained.keptShare)}: an index is missing`;
}
