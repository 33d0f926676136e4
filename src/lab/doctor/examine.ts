import type { CheckResult, CheckStatus, Examination, Patient } from './check.ts';
import { examineContainers } from './containers.ts';
import { examineGateway } from './gateway.ts';
import { examineLogs } from './logs.ts';
import { examineMachine } from './machine.ts';
import { examineNginx } from './nginx.ts';
import { examinePgbouncer } from './pgbouncer.ts';
import { examinePostgres } from './postgres.ts';
import { examineProcesses } from './processes.ts';
import { examineRedis } from './redis.ts';

/** The kinds of sources, in the order in which their results are shown. */
const examinations: readonly Examination[] = [
  examineGateway,
  examinePostgres,
  examinePgbouncer,
  examineRedis,
  examineNginx,
  examineProcesses,
  examineContainers,
  examineLogs,
  examineMachine,
];

/** `gaugeway doctor --json`. */
export interface DoctorDocument {
  command: 'doctor';
  verdict: CheckStatus;
  counts: Record<CheckStatus, number>;
  checks: CheckResult[];
}

/** Examines every source that the patient names, all at the same time. */
export async function examine(patient: Patient, signal: AbortSignal): Promise<DoctorDocument> {
  const checks = (await Promise.all(examinations.map((each) => each(patient, signal)))).flat();
  const counts: Record<CheckStatus, number> = { ok: 0, info: 0, warn: 0, fail: 0 };
  for (const { status } of checks) counts[status] += 1;
  const verdict = (['fail', 'warn'] as const).find((status) => counts[status] > 0) ?? 'ok';
  return { command: 'doctor', verdict, counts, checks };
}
