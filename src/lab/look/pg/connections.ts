import { z } from 'zod';
import { nowMs } from '../../../shared/clock.ts';
import { postgresAgeS } from '../../collect/postgres/activity.ts';
import { labMark, type SampleQuery, watchedBackends } from '../../collect/postgres/lab-sql.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import { connectionStates } from '../../timeline/samples.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';

const groupRow = z.object({
  state: z.enum(connectionStates),
  applicationName: z.string(),
  client: z.string(),
  count: z.number(),
  maxStateAgeS: z.number(),
  p95StateAgeS: z.number(),
  maxTransactionAgeS: z.number(),
  p95TransactionAgeS: z.number(),
});
/** Connections of one state, application and client address. */
export type ConnectionGroup = z.infer<typeof groupRow>;

const ages = (since: string, name: string): string =>
  `coalesce(max(${postgresAgeS(since)}), 0) as "max${name}AgeS",
   coalesce(percentile_cont(0.95) within group (order by ${postgresAgeS(since)}), 0) as "p95${name}AgeS"`;

/** Grouping sets give the sums by state beside the groups, with percentiles that could not be had from those. */
const connectionGroups = {
  sql: `select ${labMark} state, coalesce(application_name, '*') as "applicationName",
      case when grouping(client_addr) = 1 then '*' else coalesce(host(client_addr), 'local') end as client,
      count(*)::int as "count", ${ages('state_change', 'State')}, ${ages('xact_start', 'Transaction')}
    from pg_stat_activity
    where ${watchedBackends} and state = any('{${connectionStates.map((state) => `"${state}"`).join(',')}}')
    group by grouping sets ((state), (state, application_name, client_addr))
    order by 4 desc, 1, 2, 3`,
  rows: z.array(groupRow),
} satisfies SampleQuery<unknown>;

interface StateRow extends ConnectionGroup {
  verdict: LookVerdict;
}

/** `gaugeway pg connections --json`. */
export interface ConnectionsDocument extends LookDocument {
  states: StateRow[];
  groups: ConnectionGroup[];
}

/** What the connections of a database are doing, for how long, and whose they are. */
export class ConnectionsLook implements Look<ConnectionGroup[], ConnectionsDocument> {
  readonly needsWindow = false;
  readonly #shared: SharedConnection<PostgresTarget>;

  constructor(shared: SharedConnection<PostgresTarget>) {
    this.#shared = shared;
  }

  async read(signal: AbortSignal): Promise<ConnectionGroup[]> {
    const postgres = await this.#shared.open(this, signal);
    return (await postgres.read(connectionGroups)).of(connectionGroups);
  }

  judge(after: ConnectionGroup[], _before: unknown, limits: Limits): ConnectionsDocument {
    const isTotal = ({ applicationName, client }: ConnectionGroup): boolean =>
      applicationName === '*' && client === '*';
    const remarks: Remark[] = [];
    const states = after.filter(isTotal).map((row): StateRow => {
      const found = judgeState(row, limits);
      remarks.push(...found);
      return { ...row, verdict: worstVerdict(found.map(({ verdict }) => verdict)) };
    });
    return {
      command: 'pg connections',
      atMs: nowMs(),
      windowMs: null,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks,
      notes: [],
      states,
      groups: after.filter((row) => !isTotal(row)),
    };
  }

  tables({ states, groups }: ConnectionsDocument): LookTable[] {
    const columns = [
      { title: 'count', value: (row: ConnectionGroup) => String(row.count), expendable: 0 },
      { title: 'state max s', value: (row: ConnectionGroup) => age(row.maxStateAgeS), expendable: 0 },
      { title: 'p95 s', value: (row: ConnectionGroup) => age(row.p95StateAgeS), expendable: 2 },
      { title: 'xact max s', value: (row: ConnectionGroup) => age(row.maxTransactionAgeS), expendable: 1 },
      { title: 'p95 s', value: (row: ConnectionGroup) => age(row.p95TransactionAgeS), expendable: 3 },
    ];
    return [
      lookTable({
        rows: states,
        name: { title: 'state', value: ({ state }) => state },
        columns,
        verdict: ({ verdict }) => verdict,
        empty: 'No connections but our own.',
      }),
      lookTable({
        title: 'By application and client',
        rows: groups.slice(0, 15),
        name: {
          title: 'application, client, state',
          value: ({ applicationName, client, state }) => `${applicationName || '-'}, ${client}, ${state}`,
        },
        columns,
      }),
    ];
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

function judgeState(row: ConnectionGroup, limits: Limits): Remark[] {
  if (!row.state.startsWith('idle in transaction')) return [];
  const remarks: Remark[] = [];
  const countLimit = limits['pg.idle-in-transaction.count'];
  if (row.count >= countLimit) {
    remarks.push({
      verdict: 'fail',
      text: `${row.count} connections are ${row.state} (limit ${countLimit}): they are used up while nothing runs`,
      advice: 'gaugeway pg stuck shows whose they are and what they ran last',
    });
  }
  const ageLimit = limits['pg.idle-in-transaction.age'];
  if (row.maxStateAgeS >= ageLimit) {
    remarks.push({
      verdict: 'warn',
      text: `the longest has been ${row.state} for ${row.maxStateAgeS.toFixed(0)} s (limit ${ageLimit} s)`,
    });
  }
  return remarks;
}

function age(seconds: number): string {
  return seconds.toFixed(seconds < 10 ? 1 : 0);
}
