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
  /** Entries that were not read because there were too many. */
  dropped: number;
}
