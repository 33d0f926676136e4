import { z } from 'zod';
import { postgresAgeS } from '../../collect/postgres/activity.ts';
import { labMark, type SampleQuery, watchedBackends } from '../../collect/postgres/lab-sql.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import { hiddenNote, visibility } from '../../collect/postgres/visibility.ts';
import { connectionStates } from '../../timeline/samples.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';
import { ageWords, formatAgeS } from '../quantity.ts';
import { documentOf, PostgresLook, type TimedReading } from './postgres-look.ts';

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

const serverUse = {
  sql: `select ${labMark} current_setting('max_connections')::int as "maxConnections",
      (select sum(numbackends)::int from pg_stat_database) as "serverConnections"`,
  rows: z.tuple([z.object({ maxConnections: z.number(), serverConnections: z.number() })]),
} satisfies SampleQuery<unknown>;

/** The connections of the database at one moment, and how many the server has and may have. */
export interface ConnectionsReading extends TimedReading {
  groups: ConnectionGroup[];
  maxConnections: number;
  serverConnections: number;
  role: string;
  hiddenSessions: number;
}

interface StateRow extends ConnectionGroup {
  verdict: LookVerdict;
}

/** `gaugeway pg connections --json`. */
export interface ConnectionsDocument extends LookDocument {
  states: StateRow[];
  groups: ConnectionGroup[];
  maxConnections: number;
  /** Of all databases, our own included. */
  serverConnections: number;
}

/** What the connections of a database are doing, for how long, and whose they are. */
export class ConnectionsLook extends PostgresLook<ConnectionsReading, ConnectionsDocument> {
  protected async readFrom(postgres: PostgresTarget, atMs: number): Promise<ConnectionsReading> {
    const answers = await postgres.read(connectionGroups, serverUse, visibility);
    const [[use], [seen]] = [answers.of(serverUse), answers.of(visibility)];
    return { atMs, groups: answers.of(connectionGroups), ...use, ...seen };
  }

  judge(after: ConnectionsReading, _before: unknown, limits: Limits): ConnectionsDocument {
    return judgeConnections(after, limits);
  }

  tables({ states, groups, maxConnections, serverConnections }: ConnectionsDocument): LookTable[] {
    const title = `${serverConnections} of the server's ${maxConnections} connections are taken`;
    const columns = [
      { title: 'count', value: (row: ConnectionGroup) => String(row.count), expendable: 0 },
      { title: 'state max s', value: (row: ConnectionGroup) => formatAgeS(row.maxStateAgeS), expendable: 0 },
      { title: 'p95 s', value: (row: ConnectionGroup) => formatAgeS(row.p95StateAgeS), expendable: 2 },
      {
        title: 'xact max s',
        value: (row: ConnectionGroup) => formatAgeS(row.maxTransactionAgeS),
        expendable: 1,
      },
      { title: 'p95 s', value: (row: ConnectionGroup) => formatAgeS(row.p95TransactionAgeS), expendable: 3 },
    ];
    return [
      lookTable({
        title,
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
}

/** Pure: the guide's healthy and unhealthy states, and how near the server is to its limit. */
export function judgeConnections(
  { atMs, groups, maxConnections, serverConnections, role, hiddenSessions }: ConnectionsReading,
  limits: Limits,
): ConnectionsDocument {
  const remarks: Remark[] = usageRemark(serverConnections, maxConnections, limits);
  const states = groups.filter(isTotal).map((row): StateRow => {
    const found = judgeState(row, limits);
    remarks.push(...found);
    return { ...row, verdict: worstVerdict(found.map(({ verdict }) => verdict)) };
  });
  return {
    ...documentOf(
      'pg connections',
      { after: { atMs } },
      { remarks, notes: hiddenNote(hiddenSessions, 'session', role) },
    ),
    states,
    groups: groups.filter((row) => !isTotal(row)),
    maxConnections,
    serverConnections,
  };
}

/** The sum of a state is the group of any application and any client. */
function isTotal({ applicationName, client }: ConnectionGroup): boolean {
  return applicationName === '*' && client === '*';
}

function usageRemark(used: number, most: number, limits: Limits): Remark[] {
  const limit = limits['pg.connections.used'];
  const percent = (100 * used) / most;
  if (percent < limit) return [];
  return [
    {
      verdict: 'fail',
      text: `${used} of the server's ${most} connections are taken (limit ${limit} %)`,
      advice:
        'fewer connections in the pools of the applications, or PgBouncer between; max_connections costs memory',
    },
  ];
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
      text: `the longest has been ${row.state} for ${ageWords(row.maxStateAgeS)} (limit ${ageLimit} s)`,
    });
  }
  return remarks;
}
