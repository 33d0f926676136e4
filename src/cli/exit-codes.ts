import type { ErrorCode } from '../shared/errors.ts';
import { GaugewayError } from '../shared/errors.ts';

/** What the process tells its caller; scripts and CI depend on these, so they never change meaning. */
export const exitCodes = {
  ok: 0,
  /** Failing findings or thresholds, or an unexpected error. */
  failure: 1,
  /** Wrong arguments or configuration. */
  usage: 2,
  /** A required source (PostgreSQL, a target) could not be read. */
  sourceUnreadable: 3,
  /** Ctrl-C; 128 + SIGINT as shells count. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const byErrorCode: Partial<Record<ErrorCode, ExitCode>> = {
  usage: exitCodes.usage,
  config_invalid: exitCodes.usage,
  source_unreadable: exitCodes.sourceUnreadable,
  unavailable: exitCodes.sourceUnreadable,
  interrupted: exitCodes.interrupted,
};

/** The exit code of a command that ended with `error`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof GaugewayError)) return exitCodes.failure;
  return byErrorCode[error.code] ?? exitCodes.failure;
}
