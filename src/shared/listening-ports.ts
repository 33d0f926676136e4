import { GaugewayError } from './errors.ts';
import { ProcessEndedError, readOpenFiles, readProcFile, readProcLink } from './proc-files.ts';

/** An address on which somebody listens. `inode` names the socket, `uid` the user who made it. */
export interface ListeningSocket {
  host: string;
  port: number;
  inode: string;
  uid: number;
}

const listenState = '0A';

/** Reads rows of `/proc/PID/net/tcp` or `tcp6` (proc_pid_net(5)) and gives those that listen. */
export function parseListeningSockets(text: string): ListeningSocket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== listenState || inode === undefined) return [];
      return [{ host: hostFrom(address), port: Number.parseInt(port, 16), inode, uid: Number(uid) }];
    });
}

/** All listening sockets of the network namespace in which the process lives. */
export async function listeningSockets(pid: number): Promise<ListeningSocket[]> {
  const tables = await Promise.all([readProcFile(pid, 'net/tcp'), readProcFile(pid, 'net/tcp6')]);
  return tables.flatMap(parseListeningSockets);
}

/** Those of them that the process itself holds. */
export async function ownListeningSockets(pid: number): Promise<ListeningSocket[]> {
  const numbers = await readOpenFiles(pid);
  if (numbers === null) {
    throw new GaugewayError('usage', `process ${pid} belongs to another user: its sockets cannot be seen`);
  }
  const links = await Promise.all(numbers.map((number) => linkUnlessClosed(pid, `fd/${number}`)));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link ?? '')?.[1] ?? []));
  return (await listeningSockets(pid)).filter(({ inode }) => inodes.has(inode));
}

/** Files are closed between the listing and the reading. */
async function linkUnlessClosed(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readProcLink(pid, name);
  } catch (error) {
    if (error instanceof ProcessEndedError) return undefined;
    throw error;
  }
}

/**
 * The host to connect to. The kernel prints addresses as 32-bit words in the machine's byte order (little-endian
 * on every platform Node supports here); a wildcard address is reached on loopback.
 */
function hostFrom(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) =>
    [6, 4, 2, 0].map((at) => Number.parseInt(word.slice(at, at + 2), 16)),
  );
  if (bytes.length === 4) return bytes.every((byte) => byte === 0) ? '127.0.0.1' : bytes.join('.');
  if (bytes.every((byte) => byte === 0)) return '[::1]';
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(':')}]`;
}
