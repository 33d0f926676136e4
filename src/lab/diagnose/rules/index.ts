import type { Rule } from '../rule.ts';
import { cpuThrottled } from './container/cpu-throttled.ts';
import { memoryNearLimit } from './container/memory-near-limit.ts';
import { cpuSaturated } from './gateway/cpu-saturated.ts';
import { eventLoopBlocked } from './gateway/event-loop-blocked.ts';
import { memoryGrowing } from './gateway/memory-growing.ts';
import { cpuUsedUp } from './host/cpu-used-up.ts';
import { failedRequests } from './load/failed-requests.ts';
import { generatorSaturated } from './load/generator-saturated.ts';
import { errorBurst } from './logs/error-burst.ts';
import { knownSignature } from './logs/known-signature.ts';
import { queueing } from './nginx/queueing.ts';
import { upstreamImbalance } from './nginx/upstream-imbalance.ts';
import { poolExhausted } from './pgbouncer/pool-exhausted.ts';
import { healthCheckHoldsConnection } from './postgres/health-check-holds-connection.ts';
import { idleInTransaction } from './postgres/idle-in-transaction.ts';
import { sequentialScansMissingIndex } from './postgres/sequential-scans-missing-index.ts';
import { sequentialScansNonSelectiveFilter } from './postgres/sequential-scans-non-selective-filter.ts';
import { cacheBypassed } from './redis/cache-bypassed.ts';
import { keysEvicted } from './redis/keys-evicted.ts';
import { lowHitRate } from './redis/low-hit-rate.ts';
import { slowUpstream } from './upstream/slow-upstream.ts';

/** Every rule, one line each. */
export const rules: readonly Rule[] = [
  generatorSaturated,
  failedRequests,
  cpuUsedUp,
  cpuSaturated,
  eventLoopBlocked,
  memoryGrowing,
  cpuThrottled,
  memoryNearLimit,
  healthCheckHoldsConnection,
  idleInTransaction,
  sequentialScansMissingIndex,
  sequentialScansNonSelectiveFilter,
  poolExhausted,
  lowHitRate,
  cacheBypassed,
  keysEvicted,
  slowUpstream,
  queueing,
  upstreamImbalance,
  knownSignature,
  errorBurst,
];
