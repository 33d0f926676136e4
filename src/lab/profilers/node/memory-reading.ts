import { GaugewayError } from '../../../shared/errors.ts';
import type { ProtocolSession } from './protocol-session.ts';

/** What a Node process says of its memory. */
export interface MemoryUse {
  rssBytes: number;
  heapUsedBytes: number;
  heapTotalBytes: number;
  /** What C++ objects hold for JavaScript, array buffers among it. */
  externalBytes: number;
  arrayBuffersBytes: number;
  /** At which V8 ends the process. */
  heapLimitBytes: number;
}

/** Runs inside the process, as text: whole in itself, and an error is data. */
const expression = `(() => {
  try {
    const memory = process.memoryUsage();
    const { heap_size_limit } = process.getBuiltinModule('node:v8').getHeapStatistics();
    return {
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      heapTotalBytes: memory.heapTotal,
      externalBytes: memory.external,
      arrayBuffersBytes: memory.arrayBuffers,
      heapLimitBytes: heap_size_limit,
    };
  } catch (error) {
    return { error: String(error) };
  }
})()`;

/** Asks a process for its memory, which takes it well under a millisecond. Throws GaugewayError source_unreadable. */
export async function readMemory(client: ProtocolSession): Promise<MemoryUse> {
  const reply = await client.evaluate(expression);
  if (isMemoryUse(reply)) return reply;
  const told =
    typeof reply === 'object' && reply !== null && 'error' in reply ? String(reply.error) : 'no answer';
  throw new GaugewayError('source_unreadable', `the process does not tell its memory: ${told}`);
}

function isMemoryUse(value: unknown): value is MemoryUse {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys({
      rssBytes: 0,
      heapUsedBytes: 0,
      heapTotalBytes: 0,
      externalBytes: 0,
      arrayBuffersBytes: 0,
      heapLimitBytes: 0,
    } satisfies MemoryUse).every((name) => typeof Reflect.get(value, name) === 'number')
  );
}
