/**
 * What PostgreSQL 14 to 18 do not all have, or name differently: each with the first `server_version_num` that has it.
 * Everything else that is read is the same in all of them.
 */
export const since = {
  /** EXPLAIN (GENERIC_PLAN). */
  genericPlan: 160_000,
  /** pg_stat_user_indexes.last_idx_scan. */
  lastIndexScan: 160_000,
  /** pg_stat_statements.shared_blk_read_time, before that blk_read_time. */
  sharedBlkReadTime: 170_000,
  /** pg_stat_statements_reset has a fourth argument, which its grant must name. */
  resetMinMaxOnly: 170_000,
} as const;

/** Column of pg_stat_statements with the milliseconds that reading blocks of tables took, with track_io_timing. */
export const statementReadTime = (serverVersion: number): string =>
  serverVersion >= since.sharedBlkReadTime ? 'shared_blk_read_time' : 'blk_read_time';

/** `pg_stat_statements_reset(…)` as GRANT names it. */
export const statementsResetSignature = (serverVersion: number): string =>
  `pg_stat_statements_reset(oid, oid, bigint${serverVersion >= since.resetMinMaxOnly ? ', boolean' : ''})`;

/** Time of the last use of an index; null where the server does not keep it. */
export const lastIndexScanMs = (serverVersion: number): string =>
  serverVersion >= since.lastIndexScan
    ? '(extract(epoch from last_idx_scan) * 1000)::float8'
    : 'null::float8';
