import { GaugewayError, messageOf } from '../shared/errors.ts';

/** What `read` reads of the file. Throws GaugewayError source_unreadable, which names the file, for whatever fails. */
export async function readingFile<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new GaugewayError('source_unreadable', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
