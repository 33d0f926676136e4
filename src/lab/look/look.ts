import type { Limits } from './limits.ts';
import type { LookTable } from './look-table.ts';

/** From the best to the worst. */
export const lookVerdicts = ['ok', 'warn', 'fail'] as const;
export type LookVerdict = (typeof lookVerdicts)[number];

/** Something that the user should see, with what to do about it. */
export interface Remark {
  verdict: LookVerdict;
  text: string;
  advice?: string;
}

/** What every look tells, and prints with `--json`; each command adds its own fields. Secrets are masked. */
export interface LookDocument {
  /** e.g. `pg tables` */
  command: string;
  atMs: number;
  /** Time that the figures of a difference cover; null for those of a moment. */
  windowMs: number | null;
  /** The worst of the remarks. */
  verdict: LookVerdict;
  remarks: Remark[];
  /** What could not be seen, and why. */
  notes: string[];
}

/** A look at one source: what is read, how it is judged (pure), and how it is shown (pure). */
export interface Look<Reading, Document extends LookDocument> {
  /** Whether its figures are the difference of two readings: it then reads twice. */
  readonly needsWindow: boolean;
  /** Throws GaugewayError source_unreadable. */
  read(signal: AbortSignal): Promise<Reading>;
  judge(after: Reading, before: Reading | undefined, limits: Limits): Document;
  tables(document: Document): LookTable[];
  /** Leaves the source as it was found. */
  close(): Promise<void>;
}

/** The worst of several; `ok` of none. */
export function worstVerdict(verdicts: readonly LookVerdict[]): LookVerdict {
  return lookVerdicts.toReversed().find((verdict) => verdicts.includes(verdict)) ?? 'ok';
}
