import { GaugewayError } from '../../../shared/errors.ts';
import { readProcFile, readProcLink } from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';
import type { ContainerSample } from '../../timeline/samples/container-sample.ts';

/**
 * What has passed the network interfaces of a container by its process. Null when it has none of its own: it uses those
 * of the machine, or none. Undefined when another user's process does not show it. Throws as `readProcFile` does.
 */
export async function readNetwork(pid: number): Promise<ContainerSample['network'] | undefined> {
  const [theirs, ours] = await Promise.all([namespaceOf(pid), namespaceOf(process.pid)]);
  if (theirs === undefined || ours === undefined) return undefined;
  return theirs === ours ? null : parseNetDev(await readProcFile(pid, 'net/dev'));
}

async function namespaceOf(pid: number): Promise<string | undefined> {
  try {
    return await readProcLink(pid, 'ns/net');
  } catch (error) {
    if (error instanceof GaugewayError && hasErrorCode(error.cause, 'EACCES')) return undefined;
    throw error;
  }
}

/** `/proc/PID/net/dev` (proc_pid_net(5)), all interfaces but loopback added; null without one. */
export function parseNetDev(text: string): ContainerSample['network'] {
  const interfaces = text.split('\n').flatMap((line) => {
    const [, name, counts = ''] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
    return name === undefined || name === 'lo' ? [] : [counts.split(/\s+/).map(Number)];
  });
  if (interfaces.length === 0) return null;
  const sumOf = (field: number): number => interfaces.reduce((sum, counts) => sum + (counts[field] ?? 0), 0);
  return { receivedBytes: sumOf(0), sentBytes: sumOf(8) };
}
