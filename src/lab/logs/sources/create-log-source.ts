import { GaugewayError } from '../../../shared/errors.ts';
import type { LogOrigin } from '../../../shared/stack-description.ts';
import type { LogSource } from '../log-line.ts';
import { ContainerLog } from './container-log.ts';
import { FileLog } from './file-log.ts';
import { JournalLog } from './journal-log.ts';

/** The source of a log by where it is. Throws GaugewayError usage for a container without an engine. */
export function createLogSource(from: LogOrigin, containerSocket: string | undefined): LogSource {
  if ('file' in from) return new FileLog(from.file);
  if ('unit' in from) return new JournalLog(from.unit);
  if (containerSocket === undefined) {
    throw new GaugewayError('usage', `the log of container ${from.container} needs --container-socket`);
  }
  return new ContainerLog(containerSocket, from.container);
}
