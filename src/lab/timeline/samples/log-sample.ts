import type { LogKind } from '../../logs/log-kinds.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'unknown'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What one log said in the window of `windowMs` that ends at the sample's `atMs`; secrets are masked before. */
export interface LogSample {
  windowMs: number;
  byLevel: Partial<Record<LogLevel, number>>;
  /** Entries of level `warn` and above by template, the 20 most frequent. */
  templates: {
    template: string;
    level: LogLevel;
    errorType: string | null;
    signature: string | null;
    count: number;
  }[];
  /** Lines that were not read because they were too many or too long. */
  dropped: number;
}

/** What one log said in a whole run, in `logs.json` of its bundle; secrets are masked. */
export interface LogDocument {
  log: string;
  entries: number;
  /** Entries that tell of the lab's own requests and statements, left out of all other figures; missing in older bundles. */
  own?: number;
  /** Lines that were not read because they were too many or too long. */
  dropped: number;
  /** Of level `warn` and above, and those of a known signature; the most frequent first. */
  kinds: LogKind[];
  /** Kinds that are not listed. */
  furtherKinds: number;
}
