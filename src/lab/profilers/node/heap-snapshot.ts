import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { ProtocolSession } from './protocol-session.ts';

/** A heap of many gigabytes takes minutes; a process that is that far gone will not come back. */
const snapshotTimeoutMs = 30 * 60_000;

/**
 * Lets V8 write down every object of the process, which stops it for that time (see docs/guide/memory.md). `write` gets the pieces of the
 * file in order. It has to be synchronous: while it writes, nothing more is read from the connection, so that a slow disk
 * holds the process back and fills no memory here. Rejects with what `write` threw.
 */
export async function takeHeapSnapshot(
  client: ProtocolSession,
  write: (chunk: string) => void,
): Promise<void> {
  let failed: GaugewayError | undefined;
  client.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
    if (failed !== undefined) return;
    try {
      write(String(chunk));
    } catch (error) {
      failed = new GaugewayError('source_unreadable', `the snapshot cannot be written: ${messageOf(error)}`, {
        cause: error,
      });
    }
  });
  // The answer comes after the last piece.
  await client.send(
    'HeapProfiler.takeHeapSnapshot',
    { reportProgress: false, captureNumericValue: false },
    snapshotTimeoutMs,
  );
  if (failed !== undefined) throw failed;
}
