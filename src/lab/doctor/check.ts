import type { StackDescription, WatchedProcess } from '../../shared/stack-description.ts';

/** `info` is neither good nor bad: something that is there or not, and that a run does without. */
export type CheckStatus = 'ok' | 'info' | 'warn' | 'fail';

/** What one check says. */
export interface Outcome {
  status: CheckStatus;
  /** What was found, e.g. `PostgreSQL 15.18`. */
  found: string;
  /** What to run or to write, exactly, a line each. */
  remedy?: string[];
}

/** One check: what it looks at, and the verdict on the facts (pure). Undefined when it does not apply. */
export interface Check<Facts> {
  name: string;
  judge: (facts: Facts) => Outcome | undefined;
}

/** What is examined: the sources of a stack, and lines of its file that nothing answers to. */
export interface Patient extends Partial<Pick<StackDescription, 'gatewayUrl' | 'token'>> {
  postgresDsn?: string;
  pgbouncerDsn?: string;
  redisUrl?: string;
  nginx?: StackDescription['nginx'];
  processes: WatchedProcess[];
  missingProcesses: readonly string[];
  containers: StackDescription['containers'];
  containerSocket?: string;
  logs: StackDescription['logs'];
}

/** A line of the result. */
export interface CheckResult extends Outcome {
  /** e.g. `postgres` or `gateway (pid 4711)`. */
  source: string;
  check: string;
}

/** Examines the sources of one kind; none of them is no result. A source that cannot be read is one, too. */
export type Examination = (patient: Patient, signal: AbortSignal) => Promise<CheckResult[]>;

/** Applies checks to the facts of one source. */
export function applyChecks<Facts>(
  source: string,
  checks: readonly Check<Facts>[],
  facts: Facts,
): CheckResult[] {
  return checks.flatMap(({ name, judge }) => {
    const judged = judge(facts);
    return judged === undefined ? [] : [{ source, check: name, ...judged }];
  });
}

export const ok = (found: string): Outcome => ({ status: 'ok', found });
export const info = (found: string, ...remedy: string[]): Outcome => outcome('info', found, remedy);
export const warn = (found: string, ...remedy: string[]): Outcome => outcome('warn', found, remedy);
export const fail = (found: string, ...remedy: string[]): Outcome => outcome('fail', found, remedy);

function outcome(status: CheckStatus, found: string, remedy: string[]): Outcome {
  return { status, found, ...(remedy.length === 0 ? {} : { remedy }) };
}
