import type { Readable } from 'node:stream';
import { LineSplitter } from '../../line-splitter.ts';

/** Hands on the lines of a stream until it ends, or `signal` aborts: it is destroyed then. Rejects with the stream's error. */
export async function streamLines(
  stream: Readable,
  lines: LineSplitter,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await readStream(stream, (chunk) => lines.push(chunk, onLine), signal);
  lines.end(onLine);
}

/** Hands on the chunks of a stream, as {@link streamLines} does its lines. */
export async function readStream(
  stream: Readable,
  onChunk: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  const leave = (): void => {
    stream.destroy();
  };
  if (signal.aborted) return leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    for await (const chunk of stream) if (Buffer.isBuffer(chunk)) onChunk(chunk);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
