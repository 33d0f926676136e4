import { nowMs } from '../../../shared/clock.ts';
import type { PgbouncerTarget } from '../../collect/pgbouncer/pgbouncer-target.ts';
import { readPgbouncer } from '../../collect/pgbouncer/read-pgbouncer.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import type { Timed } from '../../diagnose/artifacts.ts';
import { counted, figure } from '../../diagnose/computed/figures.ts';
import { type PoolWork, poolWork } from '../../diagnose/computed/pool-use.ts';
import type { PgbouncerPool, PgbouncerSample } from '../../timeline/samples/pgbouncer-sample.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';

interface PoolRow extends PgbouncerPool {
  /** Active ones and those being reset, of `size`; null when that is not told. */
  usedPercent: number | null;
  verdict: LookVerdict;
}

interface DatabaseRow extends PoolWork {
  transactionsPerS: number;
  queriesPerS: number;
  /** Averages; null when nothing ended in the window. */
  transactionMeanMs: number | null;
  queryMeanMs: number | null;
  waitPerTransactionMs: number | null;
  waitPerQueryMs: number | null;
  verdict: LookVerdict;
}

/** `gaugeway pg pool --json`. */
export interface PoolDocument extends LookDocument {
  pools: PoolRow[];
  databases: DatabaseRow[];
  maxClientConnections: number;
  /** What runs after every transaction; null when nothing does. */
  resetAfterTransaction: string | null;
}

type Reading = Timed<PgbouncerSample>;

/** Who waits at PgBouncer for a server connection, how long, and how much of its pools is used. */
export class PoolLook implements Look<Reading, PoolDocument> {
  readonly needsWindow = true;
  readonly #shared: SharedConnection<PgbouncerTarget>;

  constructor(shared: SharedConnection<PgbouncerTarget>) {
    this.#shared = shared;
  }

  async read(signal: AbortSignal): Promise<Reading> {
    const data = await readPgbouncer(await this.#shared.open(this, signal));
    return { atMs: nowMs(), data };
  }

  judge(after: Reading, before: Reading | undefined, limits: Limits): PoolDocument {
    const { settings } = after.data;
    const pools = after.data.pools
      .map((pool) => judgePool(pool, limits))
      .toSorted((a, b) => b.row.clientsWaiting - a.row.clientsWaiting);
    const databases = poolWork(before === undefined ? [after] : [before, after]).map((work) =>
      judgeDatabase(work, limits),
    );
    const remarks = [
      ...pools.flatMap((pool) => pool.remarks),
      ...databases.flatMap((database) => database.remarks),
      ...judgeSettings(after.data, limits),
    ];
    return {
      command: 'pg pool',
      atMs: after.atMs,
      windowMs: before === undefined ? null : after.atMs - before.atMs,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks,
      notes: [],
      pools: pools.map(({ row }) => row),
      databases: databases.map(({ row }) => row),
      ...settings,
    };
  }

  tables({ pools, databases }: PoolDocument): LookTable[] {
    return [
      lookTable({
        rows: pools,
        name: { title: 'database/user', value: ({ database, user }) => `${database}/${user}` },
        columns: [
          { title: 'mode', value: ({ poolMode }) => poolMode, expendable: 1, align: 'left' },
          { title: 'clients', value: ({ clientsActive }) => String(clientsActive), expendable: 2 },
          { title: 'waiting', value: ({ clientsWaiting }) => String(clientsWaiting), expendable: 0 },
          { title: 'max wait ms', value: ({ maxWaitMs }) => figure(maxWaitMs), expendable: 0 },
          {
            title: 'servers',
            value: ({ serversActive, size }) => `${serversActive}/${size ?? '?'}`,
            expendable: 0,
          },
          {
            title: 'idle',
            value: ({ serversIdle, serversUsed }) => String(serversIdle + serversUsed),
            expendable: 3,
          },
        ],
        verdict: ({ verdict }) => verdict,
        empty: 'No pool: nobody has connected through PgBouncer yet.',
      }),
      lookTable({
        title: 'In the window, by database',
        rows: databases,
        name: { title: 'database', value: ({ database }) => database },
        columns: [
          { title: 'xact/s', value: ({ transactionsPerS }) => figure(transactionsPerS), expendable: 0 },
          {
            title: 'avg xact ms',
            value: ({ transactionMeanMs }) => average(transactionMeanMs),
            expendable: 0,
          },
          { title: 'query/s', value: ({ queriesPerS }) => figure(queriesPerS), expendable: 1 },
          { title: 'avg query ms', value: ({ queryMeanMs }) => average(queryMeanMs), expendable: 1 },
          {
            title: 'avg wait ms',
            value: ({ waitPerTransactionMs }) => average(waitPerTransactionMs),
            expendable: 0,
          },
        ],
        verdict: ({ verdict }) => verdict,
      }),
    ];
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

function judgePool(pool: PgbouncerPool, limits: Limits): { row: PoolRow; remarks: Remark[] } {
  const { clientsWaiting, maxWaitMs, serversActive, serversResetting, size } = pool;
  const resetting = serversResetting === 0 ? '' : `, ${serversResetting} are being reset or checked`;
  const usedPercent = size === null || size === 0 ? null : ((serversActive + serversResetting) * 100) / size;
  const remarks: Remark[] = [];
  const name = `${pool.database}/${pool.user}`;
  if (clientsWaiting > 0) {
    const maxWait = limits['pgbouncer.max-wait'];
    remarks.push({
      verdict: maxWaitMs >= maxWait ? 'fail' : 'warn',
      text: `${name}: ${counted(clientsWaiting, 'client')} ${clientsWaiting === 1 ? 'waits' : 'wait'}, the first for ${figure(maxWaitMs)} ms (limit ${figure(maxWait)} ms); ${serversActive} of ${size ?? '?'} server connections are in use${resetting}`,
      advice:
        'gaugeway pg connections tells whether they work (active) or are held by the application (idle in transaction)',
    });
  } else if (usedPercent !== null && usedPercent >= limits['pgbouncer.servers-used']) {
    remarks.push({
      verdict: 'warn',
      text: `${name}: ${serversActive} of ${size} server connections are in use (limit ${limits['pgbouncer.servers-used']} %)`,
    });
  }
  return { row: { ...pool, usedPercent, verdict: worstOf(remarks) }, remarks };
}

function judgeDatabase(work: PoolWork, limits: Limits): { row: DatabaseRow; remarks: Remark[] } {
  const perS = (count: number): number => (work.seconds === 0 ? 0 : count / work.seconds);
  const waitPerTransactionMs = meanOf(work.waitMs, work.transactions);
  const limit = limits['pgbouncer.average-wait'];
  const remarks: Remark[] =
    waitPerTransactionMs !== null && waitPerTransactionMs > limit
      ? [
          {
            verdict: 'fail',
            text: `${work.database}: transactions wait ${figure(waitPerTransactionMs)} ms for a server connection on average (limit ${limit} ms)`,
          },
        ]
      : [];
  return {
    row: {
      ...work,
      transactionsPerS: perS(work.transactions),
      queriesPerS: perS(work.queries),
      transactionMeanMs: meanOf(work.transactionMs, work.transactions),
      queryMeanMs: meanOf(work.queryMs, work.queries),
      waitPerTransactionMs,
      waitPerQueryMs: meanOf(work.waitMs, work.queries),
      verdict: worstOf(remarks),
    },
    remarks,
  };
}

function judgeSettings({ pools, settings }: PgbouncerSample, limits: Limits): Remark[] {
  const { maxClientConnections, resetAfterTransaction } = settings;
  const remarks: Remark[] = [];
  const clients = pools.reduce((sum, pool) => sum + pool.clientsActive + pool.clientsWaiting, 0);
  const limit = limits['pgbouncer.clients'];
  if (clients * 100 >= maxClientConnections * limit) {
    remarks.push({
      verdict: 'warn',
      text: `${clients} of ${maxClientConnections} clients (max_client_conn) are connected (limit ${limit} %)`,
    });
  }
  if (resetAfterTransaction !== null && pools.some(({ poolMode }) => poolMode !== 'session')) {
    remarks.push({
      verdict: 'warn',
      text: `${resetAfterTransaction} runs after every transaction (server_reset_query_always), and keeps its server connection busy meanwhile`,
      advice: 'turn it off: in transaction mode nothing of a session is left to reset',
    });
  }
  return remarks;
}

function worstOf(remarks: readonly Remark[]): LookVerdict {
  return worstVerdict(remarks.map(({ verdict }) => verdict));
}

function meanOf(totalMs: number, count: number): number | null {
  return count === 0 ? null : totalMs / count;
}

function average(ms: number | null): string {
  return ms === null ? '-' : figure(ms);
}
