import type { Limits } from '../../src/lab/look/limits.ts';
import { limitsWith } from '../../src/lab/look/limits.ts';
import { renderLook } from '../../src/lab/look/look-table.ts';
import type { Look, LookDocument } from '../../src/lab/look/look.ts';
import { PostgresTarget } from '../../src/lab/collect/postgres/postgres-target.ts';
import { SharedConnection } from '../../src/lab/collect/shared-connection.ts';

const never = new AbortController().signal;

/** The connection that a look at that database uses. */
export function postgresAt(dsn: string): SharedConnection<PostgresTarget> {
  return new SharedConnection((signal) => PostgresTarget.connect(dsn, signal));
}

/** Takes a look as a command does; `meanwhile` runs within the window of one that needs it. */
export async function lookAt<Reading, Document extends LookDocument>(
  look: Look<Reading, Document>,
  { meanwhile, limits = limitsWith({}) }: { meanwhile?: () => Promise<void>; limits?: Limits } = {},
): Promise<{ document: Document; text: string }> {
  try {
    const before = look.needsWindow ? await look.read(never) : undefined;
    await meanwhile?.();
    const document = look.judge(await look.read(never), before, limits);
    const lines = renderLook(document, look.tables(document), { columns: 80, color: false });
    return { document, text: lines.join('\n') };
  } finally {
    await look.close();
  }
}
