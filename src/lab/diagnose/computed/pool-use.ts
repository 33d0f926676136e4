import type { PgbouncerPool, PgbouncerSample } from '../../timeline/samples/pgbouncer-sample.ts';
import type { Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { counterGrowth, mean, shareOf } from './statistics.ts';
import { elapsedS, readingsIn, samplesIn, steadyWindow } from './window.ts';

/** What PgBouncer did for one database between the first and the last of some readings. */
export interface PoolWork {
  database: string;
  seconds: number;
  transactions: number;
  queries: number;
  transactionMs: number;
  queryMs: number;
  /** Of the clients that got their server connection in this time. */
  waitMs: number;
}

/** The growth of the totals of each database; a counter that was reset counts on from zero. */
export function poolWork(readings: readonly Timed<PgbouncerSample>[]): PoolWork[] {
  const names = new Set(readings.flatMap(({ data }) => data.databases.map(({ database }) => database)));
  return [...names].toSorted().map((database) => {
    const totals = readings.map(({ data }) => data.databases.find((each) => each.database === database));
    const growth = (read: (each: PgbouncerSample['databases'][number]) => number): number =>
      counterGrowth(totals.map((each) => (each === undefined ? 0 : read(each))));
    return {
      database,
      seconds: elapsedS(readings),
      transactions: growth(({ transactions }) => transactions),
      queries: growth(({ queries }) => queries),
      transactionMs: growth(({ transactionMs }) => transactionMs),
      queryMs: growth(({ queryMs }) => queryMs),
      waitMs: growth(({ waitMs }) => waitMs),
    };
  });
}

/** One pool over the window. */
export interface PoolUse {
  target: string;
  database: string;
  user: string;
  poolMode: string;
  size: number | null;
  samples: number;
  /** Share (0..1) of the samples in which somebody waited. */
  waitingShare: number;
  /** Mean over the samples. */
  waiting: number;
  serversActive: number;
  serversResetting: number;
  /** Longest wait that was seen to be going on. */
  maxWaitMs: number;
  /** Of the clients that wanted a server connection, the mean share (0..1) that had none. */
  withoutServerShare: number;
  /** Of the whole database. */
  work: PoolWork | undefined;
  resetAfterTransaction: string | null;
}

/** Every pool over the window, the one that most clients wait for first. */
export const poolUse = defineFact(['phases', 'pgbouncer'], ({ pgbouncer }, facts): PoolUse[] => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return [];
  return [...pgbouncer]
    .flatMap(([target, series]) => {
      const samples = samplesIn(series, window, 0).map(({ data }) => data);
      const work = poolWork(readingsIn(series, window));
      const last = samples.at(-1);
      return (last?.pools ?? []).map(({ database, user, poolMode, size }): PoolUse => {
        const looks = samples.flatMap(({ pools }) =>
          pools.filter((pool) => pool.database === database && pool.user === user),
        );
        return {
          target,
          database,
          user,
          poolMode,
          size,
          samples: looks.length,
          waitingShare: shareOf(looks, ({ clientsWaiting }) => clientsWaiting > 0),
          waiting: mean(looks.map(({ clientsWaiting }) => clientsWaiting)),
          serversActive: mean(looks.map(({ serversActive }) => serversActive)),
          serversResetting: mean(looks.map(({ serversResetting }) => serversResetting)),
          maxWaitMs: Math.max(...looks.map(({ maxWaitMs }) => maxWaitMs)),
          withoutServerShare: mean(looks.map(withoutServer)),
          work: work.find((each) => each.database === database),
          resetAfterTransaction: last?.settings.resetAfterTransaction ?? null,
        };
      });
    })
    .toSorted((a, b) => b.waiting - a.waiting || (a.database < b.database ? -1 : 1));
});

function withoutServer({ clientsWaiting, serversActive }: PgbouncerPool): number {
  return clientsWaiting === 0 ? 0 : clientsWaiting / (clientsWaiting + serversActive);
}
