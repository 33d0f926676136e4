import type { Evidence } from '../../../run-document.ts';
import { activeSessions } from '../../computed/active-sessions.ts';
import { confidenceOf, fewestSamples, separation } from '../../computed/confidence.ts';
import { counted, figure, percent } from '../../computed/figures.ts';
import { idleTransactions } from '../../computed/idle-transactions.ts';
import { type PoolUse, poolUse } from '../../computed/pool-use.ts';
import { rounded } from '../../computed/statistics.ts';
import { limitTable } from '../../../look/limits.ts';
import { defineRule } from '../../rule.ts';

/** Somebody may wait for a moment; in more than a fifth of the samples it is the pool. */
const waitingShareLimit = 0.2;
/** What a transaction may wait on average: as long as many a whole one takes. */
const averageWaitLimitMs = limitTable['pgbouncer.average-wait'].value;
/** From this share of the pool on, idle in transaction, it is the application that keeps it. */
const heldShare = 0.8;

type Cause = 'held' | 'saturated' | 'small' | 'unknown';

/** Clients wait at PgBouncer for a server connection; says who keeps them. */
export const poolExhausted = defineRule({
  id: 'pool-exhausted',
  area: 'pgbouncer',
  title: 'Clients wait for a server connection of PgBouncer',
  requires: ['phases', 'pgbouncer'],
  optional: ['postgres', 'host'],
  vetoedByGenerator: false,
  evaluate({ artifacts, facts }) {
    const pools = facts.get(poolUse).filter(({ samples }) => samples >= fewestSamples);
    const [worst] = pools.toSorted((a, b) => severity(b) - severity(a));
    if (worst === undefined) {
      return {
        verdict: 'not-applicable',
        reason: `no pool of PgBouncer was seen in ${fewestSamples} samples`,
      };
    }
    const wait = averageWaitMs(worst);
    const exhausted = worst.waitingShare > waitingShareLimit || wait > averageWaitLimitMs;
    const idle = facts.find(idleTransactions);
    const held = idle && idle.probes.count + idle.others.count;
    const active = facts.find(activeSessions);
    const cores = [...(artifacts.host?.values() ?? [])].at(0)?.at(-1)?.data.cores;
    const cause = causeOf(worst, held, active, cores);
    const where = `${worst.database}/${worst.user}`;
    const evidence: Evidence[] = [
      {
        text: `Pool ${where}: clients waited in ${percent(worst.waitingShare)} of ${counted(worst.samples, 'sample')}, ${figure(rounded(worst.waiting, 1))} on average and for up to ${figure(worst.maxWaitMs)} ms; ${figure(rounded(worst.serversActive, 1))} of ${worst.size ?? 'unlimited'} server connections were in use.`,
        source: 'SHOW POOLS',
        chart: 'pool-clients',
      },
      ...(worst.work === undefined
        ? []
        : [
            {
              text: `${counted(worst.work.transactions, 'transaction')} waited ${figure(wait)} ms for their server connection on average.`,
              source: 'SHOW STATS',
              chart: 'pool-wait',
            },
          ]),
      ...(exhausted ? evidenceOf(cause, held, active, cores) : []),
      ...resetCost(worst),
    ];
    return {
      verdict: exhausted ? 'fail' : 'pass',
      value: rounded(worst.waiting, 1),
      unit: 'clients waiting',
      confidence: confidenceOf({
        samples: worst.samples,
        ratio: Math.max(
          separation(worst.waitingShare, waitingShareLimit),
          separation(wait, averageWaitLimitMs),
        ),
        corroborated: !exhausted || cause !== 'unknown',
      }),
      impact: exhausted ? rounded(worst.withoutServerShare) : 0,
      ...(exhausted ? { title: titleOf(cause, worst, where) } : {}),
      evidence,
      counterEvidence:
        exhausted && cause === 'unknown'
          ? [
              {
                text: 'Without PostgreSQL in the run nobody can tell whether the connections worked or were held.',
                source: 'pg_stat_activity',
              },
            ]
          : [],
      advice: exhausted ? adviceFor(cause, worst) : [],
    };
  },
});

/** What counts against a pool, so that pools can be compared. */
function severity(pool: PoolUse): number {
  return Math.max(pool.waitingShare / waitingShareLimit, averageWaitMs(pool) / averageWaitLimitMs);
}

/** Per transaction, as in transaction mode each of them waits once; 0 when none ended. */
function averageWaitMs({ work }: PoolUse): number {
  return work === undefined || work.transactions === 0 ? 0 : work.waitMs / work.transactions;
}

function causeOf(
  pool: PoolUse,
  held: number | undefined,
  active: number | undefined,
  cores: number | undefined,
): Cause {
  if (held === undefined) return 'unknown';
  if (held >= heldShare * (pool.size ?? pool.serversActive) && held > 0) return 'held';
  return active !== undefined && cores !== undefined && active > cores ? 'saturated' : 'small';
}

function titleOf(cause: Cause, pool: PoolUse, where: string): string {
  const waiting = `${counted(Math.max(1, Math.round(pool.waiting)), 'client')} ${pool.waiting >= 1.5 ? 'wait' : 'waits'} at the pool ${where}`;
  switch (cause) {
    case 'held':
      return `${waiting}: the application holds its connections in open transactions`;
    case 'saturated':
      return `${waiting}: the database is saturated`;
    case 'small':
      return `${waiting}: ${pool.size ?? 'its'} server connections are too few`;
    case 'unknown':
      return waiting;
  }
}

function evidenceOf(
  cause: Cause,
  held: number | undefined,
  active: number | undefined,
  cores: number | undefined,
): Evidence[] {
  if (held === undefined) return [];
  const activity: Evidence[] = [
    {
      text: `${counted(held, 'connection')} idle in transaction in PostgreSQL${cause === 'held' ? ': they keep a server connection and do nothing with it' : ''}.`,
      source: 'pg_stat_activity',
      chart: 'connections',
    },
  ];
  if (active !== undefined) {
    activity.push({
      text: `${counted(rounded(active, 1), 'session')} active in PostgreSQL on average${cores === undefined ? '' : `, on ${counted(cores, 'core')}`}.`,
      source: 'pg_stat_activity',
      chart: 'connections',
    });
  }
  return activity;
}

/** `DISCARD ALL` after each transaction is a round trip in which a server connection serves nobody. */
function resetCost({ poolMode, resetAfterTransaction, serversResetting, work }: PoolUse): Evidence[] {
  if (poolMode === 'session' || resetAfterTransaction === null) return [];
  const rate = work === undefined || work.seconds === 0 ? 0 : work.transactions / work.seconds;
  return [
    {
      text: `server_reset_query_always is on: \`${resetAfterTransaction}\` runs after each transaction (${figure(rounded(rate, 1))}/s), and the server connection serves nobody meanwhile: ${figure(rounded(serversResetting, 1))} of them on average.`,
      source: 'SHOW CONFIG',
    },
  ];
}

function adviceFor(cause: Cause, pool: PoolUse): string[] {
  const reset =
    pool.poolMode !== 'session' && pool.resetAfterTransaction !== null
      ? ['Turn server_reset_query_always off: in transaction mode nothing of a session is left to reset.']
      : [];
  switch (cause) {
    case 'held':
      return [
        'End transactions before waiting for anything else, health checks first: in transaction mode a server connection is free only after COMMIT or ROLLBACK.',
        'Set idle_transaction_timeout in PgBouncer, or idle_in_transaction_session_timeout in PostgreSQL, as a net below it.',
        'A larger pool only delays this: the same leak fills it later.',
        ...reset,
      ];
    case 'saturated':
      return [
        'Make the statements cheaper that PostgreSQL spends its time in: a larger pool would only move the queue into the database.',
        ...reset,
      ];
    case 'small':
      return [
        'Raise default_pool_size, or pool_size of this database, while PostgreSQL has cores and connections to spare.',
        'Keep transactions short: each of them keeps a server connection to its end.',
        ...reset,
      ];
    case 'unknown':
      return [
        'Give PostgreSQL to the run, too (--pg): it tells whether the connections work or are held idle in transaction.',
        ...reset,
      ];
  }
}
