import { nowMs } from '../../../shared/clock.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import type { Limits } from '../limits.ts';
import type { LookTable } from '../look-table.ts';
import { type Look, type LookDocument, type Remark, worstVerdict } from '../look.ts';

/** A reading says when it was taken, on the run's clock. */
export interface TimedReading {
  atMs: number;
}

/** What all looks at a PostgreSQL share: the connection, which the last of its users closes. */
export abstract class PostgresLook<
  Reading extends TimedReading,
  Document extends LookDocument,
> implements Look<Reading, Document> {
  readonly #shared: SharedConnection<PostgresTarget>;

  constructor(shared: SharedConnection<PostgresTarget>) {
    this.#shared = shared;
  }

  get needsWindow(): boolean {
    return false;
  }

  async read(signal: AbortSignal): Promise<Reading> {
    return this.readFrom(await this.#shared.open(this, signal), nowMs(), signal);
  }

  protected abstract readFrom(postgres: PostgresTarget, atMs: number, signal: AbortSignal): Promise<Reading>;
  abstract judge(after: Reading, before: Reading | undefined, limits: Limits): Document;
  abstract tables(document: Document): LookTable[];

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

/** The fields that every document has, of what was read and what is to be said of it. */
export function documentOf(
  command: string,
  { after, before }: { after: TimedReading; before?: TimedReading | undefined },
  { remarks, notes }: Pick<LookDocument, 'remarks' | 'notes'>,
): LookDocument {
  return {
    command,
    atMs: after.atMs,
    windowMs: before === undefined ? null : after.atMs - before.atMs,
    verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
    remarks,
    notes,
  };
}

/** How much a counter grew between two readings; one that was set back meanwhile counts from zero. */
export function grown(after: number, before: number | undefined): number {
  return before === undefined || after < before ? after : after - before;
}

/** The remarks that are worth the room: the worst, in the order given, and how many more there are. */
export function foremost(remarks: readonly Remark[], most = 5): Remark[] {
  const sorted = remarks.toSorted((a, b) => Number(b.verdict === 'fail') - Number(a.verdict === 'fail'));
  const [first, ...more] = sorted.slice(most);
  if (first === undefined) return sorted;
  return [
    ...sorted.slice(0, most),
    { verdict: first.verdict, text: `${more.length + 1} more of this kind, see the verdicts above` },
  ];
}
