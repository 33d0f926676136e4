import { nowMs } from '../../../shared/clock.ts';
import type { TableCounters } from '../../timeline/samples.ts';
import type { PhaseName } from '../../timeline/events.ts';
import type { Collector, CollectorSink } from '../collector.ts';
import type { SharedConnection } from '../shared-connection.ts';
import { activeByWait, connectionsByState, idleInTransaction, sentQueries } from './activity.ts';
import { clockOffset } from './clock-offset.ts';
import { databaseCounters } from './database.ts';
import { blockedBackends } from './locks.ts';
import { PlanTaker } from './plans.ts';
import type { PostgresTarget } from './postgres-target.ts';
import { tableCounters } from './tables.ts';

/** One PostgreSQL database each second in one round trip, and the plans of what cost most when the load has ended. */
export class PostgresCollector implements Collector {
  readonly source = 'postgres';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #shared: SharedConnection<PostgresTarget>;
  readonly #plans = new PlanTaker();
  #clockDueMs = 0;
  #firstTables: TableCounters[] | undefined;
  #lastTables: TableCounters[] = [];

  constructor(target: string, shared: SharedConnection<PostgresTarget>) {
    this.target = target;
    this.#shared = shared;
  }

  async open(signal: AbortSignal): Promise<void> {
    const postgres = await this.#shared.open(this, signal);
    await postgres.read(databaseCounters);
  }

  async enterPhase(phase: PhaseName): Promise<void> {
    // Plans are for what the load made the database do, not for what was there before it.
    if (phase !== 'ramp') return;
    this.#firstTables = undefined;
    const postgres = await this.#shared.get();
    if (postgres) await this.#plans.begin(postgres);
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const postgres = await this.#shared.get();
    if (!postgres) return;
    const ownTransactions = postgres.transactions;
    const answers = await postgres.read(
      databaseCounters,
      connectionsByState,
      idleInTransaction,
      activeByWait,
      blockedBackends,
      tableCounters,
      sentQueries,
    );
    const costMs = performance.now() - startedMs;
    const tables = answers.of(tableCounters);
    this.#firstTables ??= tables;
    this.#lastTables = tables;
    this.#plans.saw(answers.of(sentQueries));
    for (const { maxConnections, ...database } of answers.of(databaseCounters)) {
      sink.sample('postgres', this.target, costMs, {
        serverMs: answers.serverMs,
        ownTransactions,
        maxConnections,
        connections: answers.of(connectionsByState),
        idleInTransaction: answers.of(idleInTransaction),
        activeByWait: answers.of(activeByWait),
        tables,
        blocked: answers.of(blockedBackends),
        database,
      });
    }
    await this.#compareClocks(postgres, sink);
  }

  async finish(sink: CollectorSink): Promise<void> {
    const postgres = await this.#shared.get();
    if (postgres) await this.#plans.take(postgres, this.#scannedTables(), sink, this.target);
    // The last look at the counters; also, a plan that could not be had is not a source that failed.
    await this.sample(sink);
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }

  /** Clocks drift: theirs is compared with ours in the first sample and each minute after it. */
  async #compareClocks(postgres: PostgresTarget, sink: CollectorSink): Promise<void> {
    if (nowMs() < this.#clockDueMs) return;
    const { offsetMs, errorMs } = await clockOffset(postgres);
    sink.clock('postgres', this.target, offsetMs, errorMs);
    this.#clockDueMs = nowMs() + compareClocksEachMs;
  }

  /** Names of the tables whose sequential scans read many rows in the run, most first. */
  #scannedTables(): string[] {
    const before = new Map(this.#firstTables?.map((row) => [`${row.schema}.${row.table}`, row.seqTupRead]));
    return this.#lastTables
      .map(({ schema, table, seqTupRead }) => ({
        table,
        readRows: seqTupRead - (before.get(`${schema}.${table}`) ?? 0),
      }))
      .filter(({ readRows }) => readRows >= manyRows)
      .toSorted((a, b) => b.readRows - a.readRows)
      .slice(0, 3)
      .map(({ table }) => table);
  }
}

const compareClocksEachMs = 60_000;

/** Fewer rows read sequentially in a whole run need no explanation. */
const manyRows = 10_000;
